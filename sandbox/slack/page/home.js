/** The app's own place: its Home tab and the Messages tab with the direct messages. */
import { blocks } from "./blocks.js";
import { menuButton, messagesAndComposer } from "./conversation.js";
import { h } from "./dom.js";
import { directMessages, go, page, route } from "./store.js";

const TABS = [
  ["home", "Home"],
  ["messages", "Messages"],
];

export function appPane() {
  const { place } = route();
  const conversation = directMessages();
  return h(
    "section",
    { key: "app", class: "pane", "aria-label": "Postbot", "data-channel": conversation?.id },
    h(
      "header",
      { class: "pane-head" },
      menuButton(),
      h("span", { class: "avatar bot", "aria-hidden": "true" }, "P"),
      h("h1", null, "Postbot"),
      h(
        "div",
        { class: "tabs", role: "tablist", "aria-label": "Postbot", onkeydown: arrows },
        TABS.map(([id, name]) => tab(id, name, place === id)),
      ),
    ),
    place === "home" ? homeTab() : messagesTab(conversation),
  );
}

function tab(id, name, selected) {
  return h(
    "button",
    {
      key: id,
      type: "button",
      role: "tab",
      id: `tab-${id}`,
      "aria-selected": String(selected),
      tabindex: selected ? "0" : "-1",
      onclick: () => go(`/${id}`),
    },
    name,
  );
}

function arrows(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const other = [...event.currentTarget.children].find((each) => each !== document.activeElement);
  other.focus();
  other.click();
}

function homeTab() {
  const { home } = page.state;
  const inside = home
    ? blocks(home.blocks, {
        container: { type: "view", view_id: home.id },
        values: home.state?.values,
        kind: "home",
      })
    : h(
        "div",
        { class: "empty" },
        h("p", { class: "empty-title" }, "Nothing here yet"),
        h(
          "p",
          null,
          "The app has not shown its Home tab. It does so when it runs and hears that this tab was opened.",
        ),
      );
  return h(
    "div",
    {
      key: "home",
      class: "home",
      role: "tabpanel",
      "aria-labelledby": "tab-home",
      "data-view-id": home?.id,
      tabindex: "0",
    },
    h("div", { class: "home-inside" }, inside),
  );
}

function messagesTab(conversation) {
  if (!conversation)
    return h("p", { class: "empty" }, "Postbot has not opened direct messages with you yet.");
  return messagesAndComposer(conversation, "Postbot");
}
