import assert from "node:assert/strict";
import { test } from "node:test";

import { gather } from "../../../sandbox/page/assets/threads.js";

const post = (id, created_at, reply_to = null) => ({ id, created_at, reply_to });
const ids = (threads) => threads.map((entries) => entries.map((entry) => entry.id));

test("posts stay newest first, what answers them comes below them in the order of time", () => {
  const posts = [
    post("late comment", "4", "first"),
    post("second", "3"),
    post("comment", "2", "first"),
    post("first", "1"),
  ];

  assert.deepEqual(ids(gather(posts)), [["second"], ["first", "comment", "late comment"]]);
});

test("a thread is one list, however deep it is", () => {
  const posts = [post("c", "3", "b"), post("b", "2", "a"), post("a", "1")];

  assert.deepEqual(ids(gather(posts)), [["a", "b", "c"]]);
});

test("entries of the same instant keep the order in which they answer one another", () => {
  const posts = [post("c", "1", "b"), post("b", "1", "a"), post("a", "1")];

  assert.deepEqual(ids(gather(posts)), [["a", "b", "c"]]);
});

test("what answers a post that is not shown stands alone", () => {
  assert.deepEqual(ids(gather([post("reply", "1", "gone")])), [["reply"]]);
});
