/** The centre: a conversation's messages in order, with the composer below. */
import { composer } from "./composer.js";
import { formatDate } from "./dates.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { message } from "./message.js";
import { page, redraw, route } from "./store.js";
import { markRead } from "./unread.js";

const TOGETHER = 300;

export function menuButton() {
  const open = () => {
    page.sidebarOpen = true;
    redraw();
  };
  return h(
    "button",
    { type: "button", class: "quiet only-narrow", "aria-label": "Open the menu", onclick: open },
    icon("menu"),
  );
}

export function channelPane() {
  const conversation = page.state.conversations.find((each) => each.id === route().channel);
  if (!conversation)
    return h("p", { class: "empty" }, "This conversation does not exist. Choose one on the left.");
  const name = conversation.name.replace(/^#/, "");
  return h(
    "section",
    {
      key: conversation.id,
      class: "pane",
      "aria-label": `#${name}`,
      "data-channel": conversation.id,
    },
    h("header", { class: "pane-head" }, menuButton(), h("h1", null, icon("hash"), name)),
    ...messagesAndComposer(conversation, `#${name}`),
  );
}

/** The message list and composer of one conversation; `name` is how the composer calls it. */
export function messagesAndComposer(conversation, name) {
  const roots = conversation.messages.filter(
    (each) => !each.thread_ts || each.thread_ts === each.ts,
  );
  markRead(conversation.id, conversation.messages);
  return [
    h(
      "div",
      {
        key: `messages-${conversation.id}`,
        class: "messages",
        role: "log",
        "aria-label": "Messages",
        "data-stick": "",
        tabindex: "0",
      },
      roots.length ? withDays(roots, conversation) : firstHint(),
    ),
    composer({ key: conversation.id, channel: conversation.id, label: `Message ${name}` }),
  ];
}

function firstHint() {
  const command = page.state.commands?.[0]?.command ?? "/schedule-post";
  return h(
    "div",
    { key: "first", class: "empty" },
    h("p", { class: "empty-title" }, "Nothing here yet"),
    h("p", null, "Type ", h("code", null, command), " and press Enter."),
    h(
      "p",
      { class: "hint" },
      "A form opens in which you write a post and choose when it goes out.",
    ),
  );
}

function withDays(roots, conversation) {
  const at = { zone: page.state.me.tz, now: page.state.now };
  let [day, before] = [null, null];
  return roots.flatMap((item) => {
    const today = formatDate("{day_divider_pretty}", Number(item.ts), at);
    const divider =
      today === day
        ? []
        : [h("div", { key: `day-${today}`, class: "day" }, h("span", null, today))];
    const follows = !divider.length && belongTogether(before, item);
    [day, before] = [today, item];
    const replies = conversation.messages.filter(
      (each) => each.thread_ts === item.ts && each.ts !== item.ts,
    );
    return [
      ...divider,
      message(item, { channel: conversation.id, place: "conversation", replies, follows }),
    ];
  });
}

function belongTogether(before, item) {
  const isCard = (item.blocks ?? []).some(({ type }) => type !== "rich_text");
  const isSoon = before && Number(item.ts) - Number(before.ts) < TOGETHER;
  return isSoon && before.user === item.user && !before.ephemeral && !item.ephemeral && !isCard;
}
