/**
 * Slack's mrkdwn as element descriptions (see dom.js). Nothing is ever read as HTML: text ends in
 * text nodes, and only http, https, mailto and tel addresses become links.
 */
import { formatDate } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";

/** Descriptions and strings of `text`; `context` is {memberName(id), channelName(id), zone, now}. */
export function mrkdwn(text, context) {
  return (text ?? "").split(/```/).flatMap((piece, index, pieces) => {
    const isCode = index % 2 === 1 && index < pieces.length - 1;
    if (isCode) return [h("pre", null, h("code", null, codeText(piece)))];
    const unclosed = index % 2 === 1;
    return paragraphs(
      trimAroundCode(unclosed ? "```" + piece : piece, index, pieces.length),
      context,
    );
  });
}

function trimAroundCode(piece, index, count) {
  const start = index > 0 ? piece.replace(/^\n/, "") : piece;
  return index < count - 1 ? start.replace(/\n$/, "") : start;
}

function codeText(text) {
  return unescape(
    text
      .replace(/^\n|\n$/g, "")
      .replace(/<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>/g, (_, url, label) => label ?? url),
  );
}

function paragraphs(text, context) {
  const whole = text.match(/^(?:&gt;|>){3}\s?([\s\S]*)$/);
  if (whole) return [h("blockquote", null, lines(whole[1], context))];
  const groups = [];
  for (const line of text === "" ? [] : text.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>)(?![!@#])\s?(.*)$/);
    const last = groups.at(-1);
    if (last && last.quoted === Boolean(quoted)) last.lines.push(quoted ? quoted[1] : line);
    else groups.push({ quoted: Boolean(quoted), lines: [quoted ? quoted[1] : line] });
  }
  return groups.flatMap((group) => {
    const drawn = lines(group.lines.join("\n"), context);
    return group.quoted ? [h("blockquote", null, drawn)] : drawn;
  });
}

function lines(text, context) {
  return text
    .split("\n")
    .flatMap((line, index) => [index ? h("br") : null, ...inline(line, context)])
    .filter(Boolean);
}

const BEFORE = String.raw`(?<![\p{L}\p{N}_*~\x60])`;
const AFTER = String.raw`(?![\p{L}\p{N}_*~\x60])`;
const styled = (mark) => `${BEFORE}${mark}(?=\\S)((?:(?!${mark}).)*?\\S)${mark}${AFTER}`;
const INLINE = new RegExp(
  [
    "`([^`]+)`",
    "<([^<>]+)>",
    styled("\\*"),
    styled("_"),
    styled("~"),
    ":([a-z0-9_+-]+):",
    "(https?://[^\\s<>|]+[^\\s<>|.,;:!?)\\]'\"])",
  ].join("|"),
  "gu",
);

function inline(text, context) {
  const drawn = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    drawn.push(unescape(text.slice(end, match.index)), token(match, context));
    end = match.index + match[0].length;
  }
  drawn.push(unescape(text.slice(end)));
  return drawn.flat().filter((piece) => piece !== "");
}

function token([whole, code, angle, bold, italic, strike, shortcode, bare], context) {
  if (code !== undefined) return h("code", null, codeText(code));
  if (angle !== undefined) return special(angle, context);
  if (bold !== undefined) return h("strong", null, inline(bold, context));
  if (italic !== undefined) return h("em", null, inline(italic, context));
  if (strike !== undefined) return h("s", null, inline(strike, context));
  if (bare !== undefined) return link(unescape(bare), unescape(bare));
  const picture = emoji(shortcode);
  return picture
    ? h("span", { class: "emoji", role: "img", "aria-label": shortcode }, picture)
    : whole;
}

function special(inside, context) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? null : unescape(inside.slice(bar + 1));
  if (target.startsWith("@"))
    return mention(`@${context.memberName(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith("#"))
    return mention(`#${context.channelName(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith("!date^")) return date(target, label, context);
  if (target.startsWith("!")) return mention(label ?? `@${target.slice(1).split("^")[0]}`);
  return link(unescape(target), label) ?? unescape(`<${inside}>`);
}

function date(target, fallback, context) {
  const [, epoch, format, url] = target.split("^");
  if (!/^\d+$/.test(epoch) || !format) return fallback ?? "";
  const text = formatDate(unescape(format), Number(epoch), context);
  const time = h(
    "time",
    { datetime: new Date(Number(epoch) * 1000).toISOString(), title: fallback },
    text,
  );
  return url && isSafe(url) ? link(unescape(url), [time]) : time;
}

function mention(text) {
  return h("span", { class: "mention" }, text);
}

export function isSafe(url) {
  return /^(https?:\/\/|mailto:|tel:)/i.test(url);
}

/** A link that opens in a new tab, or null when the address is not one to follow. */
export function link(url, label) {
  return isSafe(url)
    ? h(
        "a",
        { href: url, target: "_blank", rel: "noopener noreferrer" },
        label ?? url.replace(/^mailto:/, ""),
      )
    : null;
}

function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
