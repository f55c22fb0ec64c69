// Draws the switches that the stand-in describes, keeps them current, and reports each turn.

import { groupBy } from "./groups.js";

const form = document.getElementById("switches");
// These two say more about the chosen mode; the rest is for the curious.
const BESIDE_MODE = ["mode_times", "apply_to"];
// A platform with more ways to fail than this shows them folded, heading by heading.
const MANY = 30;

let report = () => {};
let unfolded = "";

form.addEventListener("submit", (event) => event.preventDefault());

export function onTurn(callback) {
  report = callback;
}

export function drawSwitches(switches) {
  if (!form.hasChildNodes()) draw(switches);
  for (const one of switches) setValue(one);
}

function draw(switches) {
  const mode = switches.find((one) => one.key === "mode");
  const beside = switches.filter((one) => BESIDE_MODE.includes(one.key));
  const others = switches.filter(
    (one) => one !== mode && !beside.includes(one) && one.kind !== "odds",
  );
  const more = element("details", "more");
  more.append(element("summary", "", "More switches"));
  for (const [title, group] of groupBy(others, (one) => one.group)) {
    more.append(fieldset(title || "Other", group.map(field)));
  }
  form.replaceChildren(modes(mode), ...beside.map(field), more);
}

// What a person is typing at this moment stays as it is.
function setValue(one) {
  const controls = form.elements.namedItem(one.key);
  if (controls === null || controls === document.activeElement) return;
  if (one.kind === "flag") controls.checked = one.value;
  else controls.value = one.value;
  if (one.key === "mode") unfold(one.value);
}

// A mode that was just chosen is in sight; after that its fold may be closed.
function unfold(mode) {
  if (mode === unfolded) return;
  unfolded = mode;
  const fold = form.querySelector("[name=mode]:checked")?.closest("details");
  if (fold) fold.open = true;
}

// Radio buttons, those with the same heading together.
function modes(one) {
  const groups = groupBy(Object.keys(one.choices), (value) => one.headings[value] ?? "");
  const many = Object.keys(one.choices).length > MANY;
  const parts = [...groups].flatMap(([heading, values]) => {
    const radios = values.map((value) => choice(one, value));
    if (!heading) return radios;
    return many ? [folded(heading, radios)] : [element("p", "heading", heading), ...radios];
  });
  return fieldset(one.label, parts);
}

function folded(heading, radios) {
  const fold = element("details");
  fold.append(element("summary", "heading", heading), ...radios);
  return fold;
}

function choice(one, value) {
  const line = element("label", "choice");
  const radio = input(one, "radio");
  radio.value = value;
  radio.addEventListener("change", () => report({ [one.key]: value }));
  line.append(radio, ` ${one.choices[value]}`);
  return line;
}

function fieldset(title, parts) {
  const set = element("fieldset");
  set.append(element("legend", "", title), ...parts);
  return set;
}

function field(one) {
  const line = element("label", "field");
  const caption = element("span", "", one.label);
  if (one.kind === "flag") line.append(checkbox(one), caption);
  else line.append(caption, one.kind === "choice" ? select(one) : number(one));
  return line;
}

function checkbox(one) {
  const box = input(one, "checkbox");
  box.addEventListener("change", () => report({ [one.key]: box.checked }));
  return box;
}

function number(one) {
  const box = input(one, "number");
  box.min = "0";
  box.step = "any";
  box.addEventListener("change", () => report({ [one.key]: Number(box.value) }));
  return box;
}

function select(one) {
  const list = element("select");
  list.name = one.key;
  for (const [value, label] of Object.entries(one.choices)) list.append(new Option(label, value));
  list.addEventListener("change", () => report({ [one.key]: list.value }));
  return list;
}

function input(one, type) {
  const made = element("input");
  made.type = type;
  made.name = one.key;
  return made;
}

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
