// Draws the posts: newest first, of all profiles or of one, each with what answers it below it.

import { gather } from "./threads.js";

const profiles = document.getElementById("profiles");
const summary = document.getElementById("summary");
const feed = document.getElementById("feed");
const { platform, post: word } = document.body.dataset;
const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?'")\]}]/g;

const whole = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

let chosen = "";
let shown = { accounts: [], posts: [], total: 0 };

export function drawFeed(timeline) {
  shown = timeline;
  draw();
}

function draw() {
  profiles.replaceChildren(
    chip("All", ""),
    ...shown.accounts.map((account) => chip(`@${account.username}`, account.id)),
  );
  const threads = gather(shown.posts).filter(([post]) => !chosen || post.account === chosen);
  summary.textContent = describe(threads);
  feed.replaceChildren(...threads.map(thread));
}

function describe(threads) {
  if (threads.length === 0) {
    return `No ${word}s yet. They appear here the moment ${platform} accepts them.`;
  }
  const answers = threads.reduce((sum, entries) => sum + entries.length - 1, 0);
  const hidden = shown.total - shown.posts.length;
  return [
    count(threads.length, word, `${word}s`),
    answers > 0 ? `, ${count(answers, "reply", "replies")}` : "",
    hidden > 0 ? `, and ${hidden} older ones that are not shown` : "",
  ].join("");
}

function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

function chip(text, account) {
  const button = element("button", text);
  button.type = "button";
  button.setAttribute("aria-pressed", String(chosen === account));
  button.addEventListener("click", () => {
    chosen = account;
    draw();
    [...profiles.children].find((each) => each.textContent === text)?.focus();
  });
  return button;
}

function thread([post, ...answers]) {
  const item = card(post);
  item.classList.add("card");
  if (post.reply_to) item.firstElementChild.after(replyLink(post.reply_to));
  if (answers.length === 0) return item;
  const list = element("ol", "", "answers");
  list.append(...answers.map(card));
  item.append(list);
  return item;
}

function card(post) {
  const item = element("li", "", "post");
  item.id = `post-${post.id}`;
  const head = element("p", "", "head");
  head.append(element("strong", post.name), ` @${post.username}`);
  item.append(head);
  if (post.place) item.append(element("p", post.place, "place"));
  if (post.title) item.append(element("h3", post.title));
  if (post.text) item.append(body(post.text));
  if (post.media.length) item.append(gallery(post.media));
  if (post.link) item.append(target(post.link));
  item.append(time(post.created_at));
  return item;
}

function replyLink(id) {
  const line = element("p", "in reply to ", "quiet");
  const link = element("a", `another ${word}`);
  link.href = `#post-${id}`;
  line.append(link);
  return line;
}

function body(text) {
  const paragraph = element("p", "", "text");
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    paragraph.append(text.slice(end, match.index), outward(match[0]));
    end = match.index + match[0].length;
  }
  paragraph.append(text.slice(end));
  return paragraph;
}

// Only the web: a post can carry any text as its link.
function target(address) {
  const line = element("p", "Link: ", "target");
  line.append(/^https?:\/\//i.test(address) ? outward(address) : address);
  return line;
}

function outward(address) {
  const link = element("a", address);
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

function gallery(media) {
  const box = element("div", "", media.length > 1 ? "gallery several" : "gallery");
  box.append(...media.map(figure));
  return box;
}

function figure(one) {
  const box = element("figure");
  if (one.url) box.append(picture(one));
  if (one.caption) box.append(element("figcaption", one.caption));
  box.append(
    element("figcaption", one.alt_text ? `Alt text: ${one.alt_text}` : "No alt text", "quiet"),
  );
  return box;
}

function picture(one) {
  const made = element(one.type === "video" ? "video" : "img");
  made.src = one.url;
  if (one.type === "video") made.controls = true;
  else made.alt = one.alt_text ?? "";
  if (one.alt_text) made.title = one.alt_text;
  return made;
}

function time(created) {
  const moment = new Date(created);
  const stamp = element("time", `${whole.format(moment)}.${created.slice(20, 23)}`, "quiet");
  stamp.dateTime = created;
  stamp.title = `${created} (UTC)`;
  return stamp;
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}
