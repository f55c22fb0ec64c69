/** Slack's confirm dialog: asks before an action is sent. */
import { asDialog, h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { reading, redraw } from "./store.js";

let asked = null;

/** Resolves to true at once without a `confirm` object, otherwise to what the reader answers. */
export function ask(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    asked = { confirm, resolve };
    redraw();
  });
}

function answer(yes) {
  const { resolve } = asked;
  asked = null;
  redraw();
  resolve(yes);
}

export function confirmDialog() {
  if (!asked) return null;
  const { title, text, confirm, deny, style } = asked.confirm;
  const onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    answer(false);
  };
  return h(
    "dialog",
    {
      key: "confirm",
      class: "dialog confirm",
      role: "alertdialog",
      "aria-labelledby": "confirm-title",
      "aria-describedby": "confirm-text",
      onkeydown,
      ...asDialog,
    },
    h("h2", { id: "confirm-title" }, title?.text ?? "Are you sure?"),
    h(
      "p",
      { id: "confirm-text" },
      text?.type === "mrkdwn" ? mrkdwn(text.text, reading()) : text?.text,
    ),
    h(
      "div",
      { class: "dialog-buttons" },
      h(
        "button",
        { type: "button", class: "button", "data-answer": "deny", onclick: () => answer(false) },
        deny?.text ?? "Cancel",
      ),
      h(
        "button",
        {
          type: "button",
          class: `button ${style ?? "primary"}`,
          "data-answer": "confirm",
          onclick: () => answer(true),
        },
        confirm?.text ?? "Yes",
      ),
    ),
  );
}
