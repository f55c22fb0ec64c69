/** Slack's text objects. */
import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { reading } from "./store.js";

/** Draws {type: plain_text|mrkdwn, text}; plain text shows every character as written. */
export function text(object) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, reading());
  return lines(plain(object));
}

/** The bare characters, for labels and list entries. */
export function plain(object) {
  if (!object) return "";
  return object.type === "plain_text" && object.emoji === false
    ? object.text
    : withEmoji(object.text);
}

function lines(string) {
  return string.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}
