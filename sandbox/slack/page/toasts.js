/** Short notices in a corner, and the bar that says when the other side does not answer. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { page, redraw } from "./store.js";

const SHOWN_FOR = { error: 15_000, info: 6_000 };
const dismissed = new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]"));
const timers = new Map();

export function toasts() {
  const shown = [...(page.state.toasts ?? []), ...page.notices]
    .filter(({ id }) => !dismissed.has(id))
    .slice(-3);
  shown.forEach(startTimer);
  return h(
    "div",
    { key: "toasts", class: "toasts", role: "status", "aria-live": "polite" },
    shown.map(({ id, text, level }) =>
      h(
        "div",
        { key: id, class: `toast ${level}`, "data-toast": id },
        h("span", null, text),
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => dismiss(id) },
          icon("close"),
        ),
      ),
    ),
  );
}

function startTimer({ id, level }) {
  if (timers.has(id)) return;
  timers.set(
    id,
    setTimeout(() => dismiss(id), SHOWN_FOR[level] ?? SHOWN_FOR.info),
  );
}

function dismiss(id) {
  dismissed.add(id);
  sessionStorage.setItem("dismissed", JSON.stringify([...dismissed].slice(-100)));
  redraw();
}

export function banner() {
  if (page.offline)
    return h(
      "div",
      { key: "banner", class: "banner", role: "status" },
      "The sandbox does not answer. Trying again…",
    );
  if (page.appIsGone) {
    return h(
      "div",
      { key: "banner", class: "banner", role: "status" },
      "Postbot does not answer. Check that it is running.",
    );
  }
  return null;
}
