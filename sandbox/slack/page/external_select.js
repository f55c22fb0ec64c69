/** A menu of one value whose options the app loads while somebody types; usable by keyboard. */
import { post } from "./api.js";
import { ask } from "./confirm.js";
import { autofocus, h } from "./dom.js";
import { close, isOpen, open, popup, whenClosed } from "./popup.js";
import { page, redraw } from "./store.js";
import { plain } from "./text.js";

const TYPING_PAUSE = 300;
const MIN_QUERY = 3;
const searches = new Map();

export function externalSelect({ spec, block, surface, bound, attributes }) {
  const model = { spec, block, surface, bound, id: attributes.id, search: searchOf(bound.key) };
  const { id, "data-field": _, "data-action-id": actionId, key, ...name } = attributes;
  whenClosed(bound.key, () => Object.assign(model.search, { query: null, groups: [], note: "" }));
  return h(
    "div",
    { key, class: "combo input", "data-action-id": actionId, "data-popup": bound.key },
    field(model, name, chosenLabel(model)),
    isOpen(bound.key) && list(model),
  );
}

function searchOf(key) {
  if (!searches.has(key))
    searches.set(key, { query: null, groups: [], note: "", active: 0, labels: {}, turn: 0 });
  return searches.get(key);
}

/** What is chosen, as the app called it when it offered it, or in the block itself. */
function chosenLabel({ spec, block, surface, bound, search }) {
  const known = surface.values?.[block.block_id]?.[spec.action_id]?.selected_option;
  const said = [known, spec.initial_option].find((option) => option?.value === bound.value);
  return search.labels[bound.value] ?? plain(said?.text) ?? "";
}

function field(model, name, label) {
  const { spec, bound, search, id } = model;
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
    "aria-activedescendant": expanded && flat(search).length ? `${id}-${search.active}` : null,
    ...autofocus(spec),
    placeholder: label || plain(spec.placeholder) || "Choose…",
    value: search.query ?? label,
    onclick: () => begin(model),
    onblur: () => isOpen(bound.key) && close(),
    oninput: (event) => type(model, event.target.value),
    onkeydown: (event) => keys(event, model),
  });
}

function begin(model) {
  if (isOpen(model.bound.key)) return;
  Object.assign(model.search, { query: "", active: 0 });
  open(model.bound.key);
  load(model);
}

function type(model, query) {
  Object.assign(model.search, { query, active: 0 });
  open(model.bound.key);
  clearTimeout(model.search.timer);
  model.search.timer = setTimeout(() => load(model), TYPING_PAUSE);
}

async function load({ spec, block, surface, search }) {
  const turn = ++search.turn;
  const fewest = spec.min_query_length ?? MIN_QUERY;
  if (search.query.length < fewest) return show(search, [], `Type at least ${fewest} letters.`);
  show(search, [], "Loading…");
  const ids = { block_id: block.block_id, action_id: spec.action_id };
  const asked = { member: page.member, container: surface.container, ...ids, query: search.query };
  const answer = await post("suggest", asked).catch((error) => ({ note: error.message }));
  if (turn !== search.turn) return;
  const groups = answer.option_groups ?? [{ options: answer.options ?? [] }];
  show(search, groups, answer.note ?? "Nothing matches.");
}

function show(search, groups, note) {
  Object.assign(search, { groups, note });
  for (const option of flat(search)) search.labels[option.value] = plain(option.text);
  redraw();
}

const flat = (search) => search.groups.flatMap((group) => group.options);

function keys(event, model) {
  const { bound, search } = model;
  const options = flat(search);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && !isOpen(bound.key)) begin(model);
  else if (step && options.length)
    search.active = (search.active + step + options.length) % options.length;
  else if (event.key === "Enter" && isOpen(bound.key) && options.length)
    pick(model, options[search.active].value);
  else if (event.key === "Escape" && isOpen(bound.key)) close();
  else return;
  event.preventDefault();
  event.stopPropagation();
  redraw();
}

async function pick({ spec, bound }, value) {
  close();
  if (await ask(spec.confirm)) bound.set(value);
}

function list(model) {
  const { search, id } = model;
  const options = flat(search);
  return popup(
    { id: `${id}-list`, role: "listbox", class: "options" },
    !options.length && h("div", { class: "option-note", role: "status" }, search.note),
    search.groups.map((group, number) =>
      h(
        "div",
        { key: number, role: "group", "aria-label": plain(group.label) || null },
        group.label && h("div", { class: "option-group" }, plain(group.label)),
        group.options.map((option) => entry(model, option, options.indexOf(option))),
      ),
    ),
  );
}

function entry(model, option, index) {
  const { search, bound, id } = model;
  const chosen = option.value === bound.value;
  return h(
    "div",
    {
      key: option.value,
      id: `${id}-${index}`,
      role: "option",
      class: index === search.active ? "option active" : "option",
      "data-value": option.value,
      "aria-selected": String(chosen),
      onmousedown: (event) => event.preventDefault(),
      onclick: () => pick(model, option.value),
    },
    h("span", { class: "tick", "aria-hidden": "true" }, chosen ? "✓" : ""),
    h("span", null, plain(option.text)),
  );
}
