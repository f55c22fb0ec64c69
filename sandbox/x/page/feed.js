// Draws the posts: newest first, of all profiles or of one.

const profiles = document.getElementById("profiles");
const summary = document.getElementById("summary");
const feed = document.getElementById("feed");
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
  const posts = shown.posts.filter((post) => !chosen || post.account === chosen);
  summary.textContent = describe(posts.length);
  feed.replaceChildren(...posts.map(card));
}

function describe(count) {
  if (count === 0) return "No posts yet. They appear here the moment X accepts them.";
  const posts = count === 1 ? "1 post" : `${count} posts`;
  const hidden = shown.total - shown.posts.length;
  return hidden > 0 ? `${posts}, and ${hidden} older ones that are not shown` : posts;
}

function chip(text, account) {
  const button = element("button", text);
  button.type = "button";
  button.setAttribute("aria-pressed", String(chosen === account));
  button.addEventListener("click", () => {
    chosen = account;
    draw();
  });
  return button;
}

function card(post) {
  const item = element("li", "", "card post");
  item.id = `post-${post.id}`;
  const head = element("p", "", "head");
  head.append(element("strong", post.name), ` @${post.username}`);
  item.append(head);
  if (post.reply_to) item.append(replyLink(post.reply_to));
  if (post.text) item.append(body(post.text));
  if (post.media.length) item.append(gallery(post.media));
  item.append(time(post.created_at));
  return item;
}

function replyLink(id) {
  const line = element("p", "in reply to ", "quiet");
  const link = element("a", "this post");
  link.href = `#post-${id}`;
  line.append(link);
  return line;
}

function body(text) {
  const paragraph = element("p", "", "text");
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = element("a", match[0]);
    link.href = match[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    paragraph.append(text.slice(end, match.index), link);
    end = match.index + match[0].length;
  }
  paragraph.append(text.slice(end));
  return paragraph;
}

function gallery(media) {
  const box = element("div", "", media.length > 1 ? "gallery several" : "gallery");
  box.append(...media.map(figure));
  return box;
}

function figure(one) {
  const box = element("figure");
  const picture = element(one.type === "video" ? "video" : "img");
  picture.src = one.url;
  if (one.type === "video") picture.controls = true;
  else picture.alt = one.alt_text ?? "";
  box.append(picture);
  box.append(
    element("figcaption", one.alt_text ? `Alt text: ${one.alt_text}` : "No alt text", "quiet"),
  );
  return box;
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
