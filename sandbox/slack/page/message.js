/** One message with its blocks, files, replies and the menu of message shortcuts. */
import { blocks } from "./blocks.js";
import { clockTime } from "./dates.js";
import { h } from "./dom.js";
import { fileById, size } from "./file_input.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { menu } from "./popup.js";
import { act, go, memberName, page, reading, threadHash } from "./store.js";
import { isThreadUnread } from "./unread.js";

const SHORTCUTS = [{ callback_id: "post_from_message", label: "Turn into a post" }];
const NAMES = { U0BOT: "Postbot", USLACKBOT: "Slackbot" };

/** `place` is "conversation" or "thread"; `replies` are the message's thread replies. */
export function message(item, { channel, place, replies = [], follows = false }) {
  const isBot = item.user in NAMES || Boolean(item.bot_id);
  const name = item.username || NAMES[item.user] || memberName(item.user) || item.user;
  const classes = ["message", item.ephemeral && "ephemeral", follows && "follows"]
    .filter(Boolean)
    .join(" ");
  return h(
    "article",
    {
      key: item.ts,
      class: classes,
      "data-ts": item.ts,
      "data-user": item.user,
      "aria-label": `Message by ${name}`,
    },
    h(
      "span",
      {
        class: `avatar ${isBot ? "bot" : `person-${personColour(item.user)}`}`,
        "aria-hidden": "true",
      },
      name.charAt(0),
    ),
    h(
      "div",
      { class: "message-body" },
      item.ephemeral &&
        h("div", { key: "only", class: "only-you" }, icon("eye"), "Only visible to you"),
      h(
        "div",
        { key: "head", class: "message-head" },
        h("strong", null, name),
        isBot && h("span", { class: "badge" }, "app"),
        h(
          "time",
          { datetime: new Date(Number(item.ts) * 1000).toISOString() },
          clockTime(Number(item.ts), page.state.me.tz),
        ),
      ),
      h("div", { key: "content", class: "message-content" }, content(item, channel)),
      replies.length > 0 && place === "conversation" && repliesLink(item, channel, replies),
    ),
    !item.ephemeral && toolbar(item, channel, place),
  );
}

function personColour(id) {
  return page.state.members.findIndex((member) => member.id === id) % 4;
}

function content(item, channel) {
  const surface = {
    container: { type: "message", channel, ts: item.ts },
    values: item.state?.values,
    kind: "message",
  };
  const edited = item.edited && h("span", { key: "edited", class: "edited" }, " (edited)");
  const body = item.blocks?.length
    ? blocks(item.blocks, surface)
    : h("div", { key: "text", class: "text" }, mrkdwn(item.text, reading()), edited);
  return [
    body,
    item.blocks?.length ? edited : null,
    (item.attachments ?? []).map((each) => attachment(each, surface)),
    (item.files ?? []).map(attachedFile),
  ];
}

function attachment({ text, blocks: inside, fallback }, surface) {
  return h(
    "div",
    { class: "attachment" },
    inside ? blocks(inside, surface) : mrkdwn(text ?? fallback, reading()),
  );
}

function attachedFile(given) {
  const file = { ...fileById(given.id ?? given), ...(given.id ? given : {}) };
  const address = `/_/file/${file.id}`;
  return h(
    "a",
    {
      key: file.id,
      class: "file",
      href: address,
      target: "_blank",
      rel: "noopener",
      "data-file-id": file.id,
    },
    file.mimetype?.startsWith("image/")
      ? h("img", { class: "thumbnail", src: address, alt: "" })
      : icon("file"),
    h("span", null, file.name, h("small", null, size(file.size ?? 0))),
  );
}

function repliesLink(item, channel, replies) {
  const unread = isThreadUnread(channel, item.ts, replies);
  return h(
    "button",
    {
      key: "replies",
      type: "button",
      class: unread ? "replies unread" : "replies",
      onclick: () => go(threadHash(item.ts)),
    },
    icon("reply"),
    replies.length === 1 ? "1 reply" : `${replies.length} replies`,
    unread && h("span", { class: "dot", role: "img", "aria-label": "unread" }),
  );
}

function toolbar(item, channel, place) {
  const use = (callbackId) =>
    act("message_shortcut", { callback_id: callbackId, channel, ts: item.ts });
  return h(
    "div",
    { key: "toolbar", class: "toolbar", role: "group", "aria-label": "Message" },
    place === "conversation" &&
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": "Reply in thread",
          title: "Reply in thread",
          onclick: () => go(threadHash(item.thread_ts ?? item.ts)),
        },
        icon("reply"),
      ),
    menu({
      key: `message-${place}-${item.ts}`,
      button: { label: "More message actions", content: icon("more"), props: { class: "quiet" } },
      items: SHORTCUTS.map(({ callback_id: id, label }) => ({
        label,
        hint: "Postbot",
        onpick: () => use(id),
        props: { "data-callback-id": id },
      })),
    }),
  );
}
