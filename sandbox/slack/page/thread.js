/** The right column: one message and its replies. */
import { composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { message } from "./message.js";
import { go, page, route, threadHash } from "./store.js";
import { markRead } from "./unread.js";

export function threadPane(ts) {
  const { channel } = route();
  const conversation = page.state.conversations.find((each) => each.id === channel);
  const root = conversation?.messages.find((each) => each.ts === ts);
  const replies = (conversation?.messages ?? []).filter(
    (each) => each.thread_ts === ts && each.ts !== ts,
  );
  if (root) markRead(`${channel}/${ts}`, replies);
  const leave = () => go(threadHash(null));
  return h(
    "aside",
    {
      key: "thread",
      class: "thread",
      "aria-label": "Thread",
      "data-thread-ts": ts,
      onkeydown: (event) => event.key === "Escape" && leave(),
    },
    h(
      "header",
      { class: "pane-head" },
      h("h2", null, "Thread"),
      h(
        "button",
        { type: "button", class: "quiet", "aria-label": "Close the thread", onclick: leave },
        icon("close"),
      ),
    ),
    h(
      "div",
      {
        key: `thread-${ts}`,
        class: "messages",
        "data-stick": "",
        tabindex: "0",
        role: "log",
        "aria-label": "Replies",
      },
      root
        ? message(root, { channel, place: "thread" })
        : h("p", { class: "empty" }, "This message is no longer there."),
      replies.length > 0 &&
        h(
          "div",
          { key: "count", class: "day" },
          h("span", null, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
        ),
      replies.map((each) => message(each, { channel, place: "thread" })),
    ),
    root && composer({ key: `thread-${ts}`, channel, thread: ts, label: "Reply" }),
  );
}
