// Puts replies and comments below the post that they answer.

import { groupBy } from "./groups.js";

// Lists of entries that belong together, each begun by the one that answers nothing else here.
export function gather(posts) {
  const known = new Set(posts.map((post) => post.id));
  const answers = groupBy([...posts].reverse(), (post) => post.reply_to);
  const below = (post) => (answers.get(post.id) ?? []).flatMap((each) => [each, ...below(each)]);
  return posts
    .filter((post) => !known.has(post.reply_to))
    .map((post) => [post, ...below(post).sort(byTime)]);
}

function byTime(one, other) {
  return one.created_at.localeCompare(other.created_at);
}
