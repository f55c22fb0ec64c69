/** One small list at a time that floats over everything, placed next to its trigger. */
import { h } from "./dom.js";
import { redraw } from "./store.js";

let openKey = null;
const GAP = 4;

export const isOpen = (key) => openKey === key;

export function open(key) {
  openKey = key;
  redraw();
}

export function close() {
  const key = openKey;
  if (key === null) return false;
  openKey = null;
  closers.get(key)?.();
  redraw();
  return true;
}

const closers = new Map();

/** `onclose` runs whenever the popup of `key` closes. */
export function whenClosed(key, onclose) {
  closers.set(key, onclose);
}

/** The floating box; its parent element is what it is placed next to. */
export function popup(props, ...children) {
  return h(
    "div",
    { popover: "manual", ...props, class: `popup ${props.class ?? ""}`, oncreate: show },
    ...children,
  );
}

function show(element) {
  element.showPopover();
  place(element);
  element.querySelector("[data-first]")?.focus({ preventScroll: true });
}

function place(element) {
  const anchor = element.parentElement.getBoundingClientRect();
  element.style.minWidth = `${Math.min(anchor.width, innerWidth - 2 * GAP)}px`;
  const { offsetWidth: width, offsetHeight: height } = element;
  const wanted = element.classList.contains("to-left") ? anchor.right - width : anchor.left;
  element.style.left = `${Math.max(GAP, Math.min(wanted, innerWidth - width - GAP))}px`;
  const below = anchor.bottom + GAP;
  const fitsBelow = below + height <= innerHeight - GAP;
  element.style.top = `${fitsBelow ? below : Math.max(GAP, anchor.top - height - GAP)}px`;
}

function replace() {
  document.querySelectorAll(".popup:popover-open").forEach(place);
}

document.addEventListener(
  "pointerdown",
  (event) => {
    if (openKey !== null && event.target.closest?.("[data-popup]")?.dataset.popup !== openKey)
      close();
  },
  true,
);
addEventListener("resize", replace);
addEventListener("scroll", replace, true);
export { replace as placePopups };

/**
 * A button that opens a menu. `items`: [{label, hint?, onpick, props?}]; `button`: {label, content,
 * props?}.
 * Arrow keys move, Enter picks, Escape closes and gives the focus back.
 */
export function menu({ key, button, items, align = "right" }) {
  const expanded = isOpen(key);
  const trigger = h(
    "button",
    {
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": String(expanded),
      "aria-label": button.label,
      title: button.label,
      ...button.props,
      onclick: () => (expanded ? close() : open(key)),
    },
    button.content,
  );
  const pick = (item) => (event) => {
    focusTrigger(event.currentTarget);
    close();
    item.onpick();
  };
  const list = items.map((item, index) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "menu-item",
        tabindex: "-1",
        "data-first": index === 0,
        ...item.props,
        onclick: pick(item),
      },
      h("span", null, item.label),
      item.hint && h("small", null, item.hint),
    ),
  );
  return h(
    "span",
    { class: "menu", "data-popup": key, key },
    trigger,
    expanded &&
      popup(
        {
          role: "menu",
          "aria-label": button.label,
          class: align === "right" ? "to-left" : "",
          onkeydown: moveInMenu,
        },
        list,
      ),
  );
}

function focusTrigger(element) {
  element.closest("[data-popup]").querySelector("button").focus();
}

function moveInMenu(event) {
  const items = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) items[(at + step + items.length) % items.length].focus();
  else if (event.key === "Escape" || event.key === "Tab") {
    focusTrigger(event.currentTarget);
    close();
  }
  if (step || event.key === "Escape") event.preventDefault();
  if (event.key === "Escape") event.stopPropagation();
}
