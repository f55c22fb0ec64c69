/** The field at the bottom: text that begins with "/" goes out as a command, other text as a message. */
import { h } from "./dom.js";
import { fileById, storeFile } from "./file_input.js";
import { icon } from "./icons.js";
import { menu } from "./popup.js";
import { act, notify, redraw } from "./store.js";
import { suggestions } from "./suggestions.js";

const drafts = new Map();
const GLOBAL_SHORTCUTS = [{ callback_id: "schedule_post", label: "Schedule a post" }];

/** `key` names the draft; `thread` makes it a reply. */
export function composer({ key, channel, thread = null, label }) {
  const draft = drafts.get(key) ?? { text: "", files: [], active: -1, hidden: false };
  drafts.set(key, draft);
  const offered = thread || draft.hidden ? [] : suggestions(draft.text);
  const model = { draft, channel, thread, offered };
  return h(
    "form",
    { key: `composer-${key}`, class: "composer", onsubmit: (event) => submit(event, model) },
    offered.length > 0 && hints(model, key),
    draft.files.length > 0 &&
      h(
        "div",
        { key: "files", class: "composer-files" },
        draft.files.map((id) => attached(id, draft)),
      ),
    h("textarea", {
      key: "text",
      rows: 1,
      class: "composer-text",
      placeholder: label,
      "aria-label": label,
      value: draft.text,
      autocomplete: "off",
      "aria-controls": offered.length ? `hints-${key}` : null,
      "aria-activedescendant":
        draft.active >= 0 && offered.length ? `hint-${key}-${draft.active}` : null,
      oninput: (event) => edit(draft, event.target.value),
      onkeydown: (event) => keys(event, model),
    }),
    h(
      "div",
      { key: "tools", class: "composer-tools" },
      tools(model, key),
      h(
        "button",
        {
          type: "submit",
          class: "send",
          "aria-label": "Send",
          title: "Send",
          disabled: !draft.text.trim() && !draft.files.length,
        },
        icon("send"),
      ),
    ),
  );
}

function edit(draft, text) {
  Object.assign(draft, { text, active: -1, hidden: false });
  redraw();
}

function hints({ draft, offered }, key) {
  return h(
    "div",
    { key: "hints", class: "hints", role: "listbox", id: `hints-${key}`, "aria-label": "Commands" },
    offered.map((each, index) =>
      h(
        "div",
        {
          key: each.shown,
          id: `hint-${key}-${index}`,
          role: "option",
          "aria-selected": String(index === draft.active),
          class: "hint-row",
          onmousedown: (event) => event.preventDefault(),
          onclick: () => edit(draft, each.fill),
        },
        h("code", null, each.shown),
        h("span", { class: "hint" }, each.about),
      ),
    ),
  );
}

function tools({ draft, channel, thread }, key) {
  const shortcut = (id) => act("shortcut", { callback_id: id });
  return [
    !thread &&
      menu({
        key: `shortcuts-${key}`,
        align: "left",
        button: {
          label: "⚡ shortcuts",
          content: [icon("bolt"), h("span", null, "Shortcuts")],
          props: { class: "quiet", "aria-label": "Shortcuts", "data-shortcuts": channel },
        },
        items: GLOBAL_SHORTCUTS.map((each) => ({
          label: each.label,
          hint: "Postbot",
          onpick: () => shortcut(each.callback_id),
          props: { "data-callback-id": each.callback_id },
        })),
      }),
    h(
      "label",
      { key: "attach", class: "quiet", title: "Attach a file" },
      h("input", {
        type: "file",
        class: "unseen",
        multiple: true,
        "aria-label": "Attach a file",
        onchange: (event) => attach(event, draft),
      }),
      icon("plus"),
    ),
  ];
}

async function attach(event, draft) {
  const files = [...event.target.files];
  event.target.value = "";
  const stored = await Promise.all(files.map(storeFile));
  draft.files.push(...stored.filter(Boolean).map((file) => file.id));
  redraw();
}

function attached(id, draft) {
  const remove = () => {
    draft.files = draft.files.filter((each) => each !== id);
    redraw();
  };
  const file = fileById(id);
  return h(
    "span",
    { key: id, class: "chip" },
    file.name,
    h("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: remove }, "×"),
  );
}

function keys(event, model) {
  const { draft, offered } = model;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const chosen = offered[draft.active] ?? (isHalfACommand(draft.text, offered) ? offered[0] : null);
  if (event.isComposing) return;
  if (step && offered.length)
    draft.active =
      (Math.max(draft.active, step > 0 ? -1 : 0) + step + offered.length) % offered.length;
  else if (event.key === "Escape" && offered.length) draft.hidden = true;
  else if (event.key === "Tab" && !event.shiftKey && offered.length && chosen !== null)
    edit(draft, chosen.fill);
  else if (event.key === "Enter" && !event.shiftKey && chosen) edit(draft, chosen.fill);
  else if (event.key === "Enter" && !event.shiftKey) send(model);
  else return;
  event.preventDefault();
  redraw();
}

function isHalfACommand(text, offered) {
  return offered.length > 0 && !text.includes(" ") && offered[0].command !== text;
}

function submit(event, model) {
  event.preventDefault();
  send(model);
}

async function send({ draft, channel, thread }) {
  const { text, files } = draft;
  if (!text.trim() && !files.length) return;
  const isCommand = text.startsWith("/");
  if (isCommand && thread)
    return notify("Commands do not work in a thread. Use the field of the conversation.");
  Object.assign(draft, { text: "", files: [], active: -1 });
  document.querySelectorAll("[data-stick]").forEach((list) => (list.stuck = true));
  redraw();
  const sent = isCommand
    ? await act("command", { channel, text: text.trim() })
    : await act("message", {
        channel,
        text,
        ...(thread && { thread_ts: thread }),
        ...(files.length && { files }),
      });
  if (!sent && !draft.text) Object.assign(draft, { text, files });
  redraw();
}
