// Draws the switches that the stand-in describes, keeps them current, and reports each turn.

const form = document.getElementById("switches");
// These two say more about the chosen mode; the rest is for the curious.
const BESIDE_MODE = ["mode_times", "apply_to"];

let report = () => {};

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
  const more = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = "More switches";
  more.append(title, ...others.map(field));
  form.replaceChildren(radios(mode), ...beside.map(field), more);
}

// What a person is typing at this moment stays as it is.
function setValue(one) {
  const controls = form.elements.namedItem(one.key);
  if (controls === null || controls === document.activeElement) return;
  if (one.kind === "flag") controls.checked = one.value;
  else controls.value = one.value;
}

function radios(one) {
  const set = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = one.label;
  set.append(legend);
  for (const [value, label] of Object.entries(one.choices)) {
    const line = document.createElement("label");
    line.className = "choice";
    const radio = input(one, "radio");
    radio.value = value;
    radio.addEventListener("change", () => report({ [one.key]: value }));
    line.append(radio, ` ${label}`);
    set.append(line);
  }
  return set;
}

function field(one) {
  const line = document.createElement("label");
  line.className = "field";
  const caption = document.createElement("span");
  caption.textContent = one.label;
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
  const list = document.createElement("select");
  list.name = one.key;
  for (const [value, label] of Object.entries(one.choices)) list.append(new Option(label, value));
  list.addEventListener("change", () => report({ [one.key]: list.value }));
  return list;
}

function input(one, type) {
  const made = document.createElement("input");
  made.type = type;
  made.name = one.key;
  return made;
}
