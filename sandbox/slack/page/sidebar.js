/** The left column: the workspace, who is acting, conversations, what the platforms received. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { zoneCity } from "./dates.js";
import { platformName } from "./platforms.js";
import { go, page, redraw, route } from "./store.js";
import { isUnread } from "./unread.js";

export function sidebar(switchMember) {
  const { state } = page;
  const here = route();
  const channels = state.conversations.filter((conversation) => conversation.kind === "channel");
  return h(
    "nav",
    { key: "sidebar", class: "sidebar", "aria-label": "Workspace" },
    h(
      "div",
      { class: "workspace" },
      h("span", { class: "workspace-mark", "aria-hidden": "true" }, "A"),
      h("strong", null, "Acme Social"),
      h(
        "button",
        {
          type: "button",
          class: "quiet only-narrow",
          "aria-label": "Close the menu",
          onclick: closeSidebar,
        },
        icon("close"),
      ),
    ),
    memberSwitch(switchMember),
    h("h2", null, "Channels"),
    h(
      "ul",
      null,
      channels.map((channel) =>
        entry({
          hash: `/c/${channel.id}`,
          content: [icon("hash"), channel.name.replace(/^#/, "")],
          conversation: channel,
          current: here.place === "channel" && here.channel === channel.id,
        }),
      ),
    ),
    h("h2", null, "Apps"),
    h(
      "ul",
      null,
      entry({
        hash: "/messages",
        content: [h("span", { class: "avatar small bot", "aria-hidden": "true" }, "P"), "Postbot"],
        conversation: state.conversations.find((conversation) => conversation.kind === "dm"),
        current: here.place !== "channel",
      }),
    ),
    h("h2", null, "Outside"),
    h(
      "ul",
      null,
      Object.entries(state.links ?? {}).map(([name, url]) =>
        h(
          "li",
          { key: name },
          h(
            "a",
            { class: "place", href: url, target: "_blank", rel: "noopener" },
            icon("eye"),
            `${platformName(name)} timeline`,
            icon("outside"),
          ),
        ),
      ),
    ),
    h("p", { class: "about" }, "A stand-in for Slack on this machine. Nothing leaves it."),
  );
}

export function closeSidebar() {
  page.sidebarOpen = false;
  redraw();
}

function memberSwitch(switchMember) {
  const { members, me } = page.state;
  return h(
    "label",
    { class: "who" },
    h("span", null, "You are"),
    h(
      "select",
      {
        class: "input select",
        id: "member",
        "aria-label": "You are",
        value: me.id,
        onchange: (event) => switchMember(event.target.value),
      },
      members.map((member) =>
        h(
          "option",
          { key: member.id, value: member.id },
          `${member.name} (${zoneCity(member.tz)})`,
        ),
      ),
    ),
  );
}

function entry({ hash, content, conversation, current }) {
  const unread = conversation && !current && isUnread(conversation);
  return h(
    "li",
    { key: hash },
    h(
      "a",
      {
        class: unread ? "place unread" : "place",
        href: `#${hash}`,
        "aria-current": current ? "page" : null,
        "data-channel": conversation?.id,
        onclick: (event) => {
          event.preventDefault();
          go(hash);
        },
      },
      content,
      unread && h("span", { class: "dot", role: "img", "aria-label": "unread" }),
    ),
  );
}
