/** The markdown block: headings, lists, quotes, code, emphasis, links. */
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./mrkdwn.js";

export function markdown(text) {
  return h(
    "div",
    { class: "markdown" },
    text
      .split(/^```.*$/m)
      .flatMap((piece, index) =>
        index % 2
          ? [h("pre", null, h("code", null, piece.replace(/^\n|\n$/g, "")))]
          : piece.split(/\n{2,}/).flatMap(paragraph),
      ),
  );
}

function paragraph(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  if (!lines.length) return [];
  const heading = lines[0].match(/^(#{1,6})\s+(.*)$/);
  if (heading)
    return [
      h("p", { class: "heading" }, inline(heading[2])),
      ...paragraph(lines.slice(1).join("\n")),
    ];
  if (lines.every((line) => /^\s*[-*+]\s/.test(line)))
    return [
      h(
        "ul",
        null,
        lines.map((line) => h("li", null, inline(line.replace(/^\s*[-*+]\s+/, "")))),
      ),
    ];
  if (lines.every((line) => /^\s*\d+[.)]\s/.test(line)))
    return [
      h(
        "ol",
        null,
        lines.map((line) => h("li", null, inline(line.replace(/^\s*\d+[.)]\s+/, "")))),
      ),
    ];
  if (lines.every((line) => /^>/.test(line)))
    return [
      h("blockquote", null, paragraph(lines.map((line) => line.replace(/^>\s?/, "")).join("\n"))),
    ];
  return [
    h(
      "p",
      null,
      lines.flatMap((line, index) => [index ? h("br") : null, ...inline(line)]),
    ),
  ];
}

const INLINE =
  /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|~~(.+?)~~|(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)|:([a-z0-9_+-]+):/g;

function inline(text) {
  const drawn = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    drawn.push(text.slice(end, match.index), token(match));
    end = match.index + match[0].length;
  }
  return [...drawn, text.slice(end)];
}

function token([whole, code, label, url, bold, strike, italic, shortcode]) {
  if (code) return h("code", null, code);
  if (label) return link(url, inline(label)) ?? whole;
  if (bold) return h("strong", null, inline(bold));
  if (strike) return h("s", null, inline(strike));
  if (italic) return h("em", null, inline(italic));
  return emoji(shortcode) ?? whole;
}
