/** Slack's rich_text block. */
import { formatDate } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./mrkdwn.js";
import { memberName, reading } from "./store.js";

export function richText(block) {
  return h("div", { class: "rich-text" }, block.elements.map(part));
}

function part(element) {
  switch (element.type) {
    case "rich_text_section":
      return h("p", null, element.elements.map(leaf));
    case "rich_text_quote":
      return h("blockquote", null, element.elements.map(leaf));
    case "rich_text_preformatted":
      return h("pre", null, h("code", null, element.elements.map(leaf)));
    case "rich_text_list":
      return list(element);
    default:
      return leaf(element);
  }
}

function list({ style, indent = 0, offset = 0, elements }) {
  const tag = style === "ordered" ? "ol" : "ul";
  return h(
    tag,
    { class: `indent-${Math.min(indent, 5)}`, start: tag === "ol" && offset ? offset + 1 : null },
    elements.map((item) => h("li", null, (item.elements ?? []).map(leaf))),
  );
}

function leaf(element) {
  const context = reading();
  switch (element.type) {
    case "text":
      return styled(lines(element.text), element.style);
    case "link":
      return styled(
        [link(element.url, element.text) ?? element.text ?? element.url],
        element.style,
      );
    case "user":
      return h("span", { class: "mention" }, `@${memberName(element.user_id) ?? element.user_id}`);
    case "channel":
      return h(
        "span",
        { class: "mention" },
        `#${context.channelName(element.channel_id) ?? element.channel_id}`,
      );
    case "broadcast":
      return h("span", { class: "mention" }, `@${element.range}`);
    case "usergroup":
      return h("span", { class: "mention" }, `@${element.usergroup_id}`);
    case "emoji":
      return emoji(element.name) ?? `:${element.name}:`;
    case "date":
      return h(
        "time",
        { title: element.fallback },
        formatDate(element.format, element.timestamp, context),
      );
    case "color":
      return h("code", null, element.value);
    default:
      return element.text ?? `(${element.type})`;
  }
}

function lines(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

function styled(content, style = {}) {
  const marks = [
    ["bold", "strong"],
    ["italic", "em"],
    ["strike", "s"],
    ["underline", "u"],
    ["highlight", "mark"],
    ["code", "code"],
  ];
  return marks
    .filter(([mark]) => style[mark])
    .reduce((inside, [, tag]) => [h(tag, null, inside)], content);
}
