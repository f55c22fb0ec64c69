/** Selects of several values: chips, a search field and a list, all usable by keyboard. */
import { autofocus, h } from "./dom.js";
import { close, isOpen, open, popup, whenClosed } from "./popup.js";
import { redraw } from "./store.js";
import { plain } from "./text.js";

const searches = new Map();
const TOGGLE_PAUSE = 400;

/** `groups` as optionGroups() gives them. */
export function multiSelect({ spec, bound, attributes, groups }) {
  const search = searches.get(bound.key) ?? { query: "", active: 0 };
  searches.set(bound.key, search);
  const found = matching(groups, search.query);
  const flat = found.flatMap((group) => group.options);
  search.active = Math.max(0, Math.min(search.active, flat.length - 1));
  const model = { spec, bound, search, found, flat, id: attributes.id };
  const { id, "data-field": _, "data-action-id": actionId, key, ...name } = attributes;
  whenClosed(bound.key, () => (search.query = ""));
  return h(
    "div",
    {
      key,
      class: "combo input",
      role: "group",
      "data-action-id": actionId,
      "data-popup": bound.key,
      ...name,
      onclick: focusSearch,
    },
    chips(model, groups),
    searchField(model, name),
    isOpen(bound.key) && list(model),
  );
}

function matching(groups, query) {
  const words = query.trim().toLowerCase();
  return groups
    .map((group) => ({
      ...group,
      options: group.options.filter(([, label]) => label.toLowerCase().includes(words)),
    }))
    .filter((group) => group.options.length);
}

function focusSearch(event) {
  if (event.target === event.currentTarget) event.currentTarget.querySelector("input").focus();
}

function chips(model, groups) {
  const all = groups.flatMap((group) => group.options);
  return model.bound.value.map((value) => {
    const label = all.find(([each]) => each === value)?.[1] ?? value;
    return h(
      "span",
      { key: `chip-${value}`, class: "chip", "data-value": value },
      label,
      h(
        "button",
        { type: "button", "aria-label": `Remove ${label}`, onclick: () => toggle(model, value) },
        "×",
      ),
    );
  });
}

function searchField(model, name) {
  const { spec, bound, search, flat, id } = model;
  const expanded = isOpen(bound.key);
  return h("input", {
    key: "search",
    id,
    type: "text",
    class: "combo-search",
    role: "combobox",
    autocomplete: "off",
    ...name,
    "aria-expanded": String(expanded),
    "aria-controls": `${id}-list`,
    "aria-autocomplete": "list",
    "aria-activedescendant": expanded && flat.length ? `${id}-${search.active}` : null,
    ...autofocus(spec),
    placeholder: bound.value.length ? "Add…" : plain(spec.placeholder) || "Choose…",
    value: search.query,
    onclick: () => open(bound.key),
    onblur: (event) => leave(event, bound.key),
    oninput: (event) => {
      Object.assign(search, { query: event.target.value, active: 0 });
      open(bound.key);
    },
    onkeydown: (event) => keys(event, model),
  });
}

function leave(event, key) {
  const inside = event.relatedTarget?.closest?.("[data-popup]")?.dataset.popup === key;
  if (!inside && isOpen(key)) close();
}

function keys(event, model) {
  const { bound, search, flat } = model;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    search.active = isOpen(bound.key)
      ? (search.active + step + flat.length) % (flat.length || 1)
      : 0;
    open(bound.key);
  } else if (event.key === "Enter" && isOpen(bound.key) && flat.length)
    toggle(model, flat[search.active][0]);
  else if (event.key === "Escape" && isOpen(bound.key)) close();
  else if (event.key === "Backspace" && !search.query && bound.value.length)
    return toggle(model, bound.value.at(-1));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function toggle({ spec, bound, search }, value) {
  const without = bound.value.filter((each) => each !== value);
  const adding = without.length === bound.value.length;
  if (adding && spec.max_selected_items && without.length >= spec.max_selected_items) return;
  search.query = "";
  bound.set(adding ? [...without, value] : without, { pause: TOGGLE_PAUSE });
}

function list(model) {
  const { spec, bound, search, found, flat, id } = model;
  const option = (entry) => {
    const [value, label, description] = entry;
    const chosen = bound.value.includes(value);
    const index = flat.indexOf(entry);
    return h(
      "div",
      {
        key: value,
        id: `${id}-${index}`,
        role: "option",
        class: index === search.active ? "option active" : "option",
        "data-value": value,
        "aria-selected": String(chosen),
        onmousedown: (event) => event.preventDefault(),
        onclick: () => toggle(model, value),
        onmousemove: () => highlight(search, index),
      },
      h("span", { class: "tick", "aria-hidden": "true" }, chosen ? "✓" : ""),
      h("span", null, label, description && h("small", null, description)),
    );
  };
  const full = spec.max_selected_items && bound.value.length >= spec.max_selected_items;
  return popup(
    { id: `${id}-list`, role: "listbox", "aria-multiselectable": "true", class: "options" },
    full &&
      h("div", { class: "option-note" }, `At most ${spec.max_selected_items}: remove one first.`),
    !flat.length && h("div", { class: "option-note" }, "Nothing matches."),
    found.map((group) =>
      h(
        "div",
        { key: group.label ?? "", role: "group", "aria-label": group.label },
        group.label && h("div", { class: "option-group", "aria-hidden": "true" }, group.label),
        group.options.map(option),
      ),
    ),
  );
}

function highlight(search, index) {
  if (search.active === index) return;
  search.active = index;
  redraw();
}
