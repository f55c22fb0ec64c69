/** Slack's datetimepicker: shown in the acting member's own zone, sent as epoch seconds. */
import { asInputs, instant, zoneCity, zoneName } from "./dates.js";
import { ask } from "./confirm.js";
import { autofocus, h } from "./dom.js";
import { page, redraw } from "./store.js";

const typed = new Map();
const FIRST_YEAR = 1970;

export function dateTimePicker({ spec, bound, attributes }) {
  const zone = page.state.me.tz;
  const shown = shownValue(bound, zone);
  const { "data-field": _, ...group } = attributes;
  const change = (part) => async (event) => {
    const next = { ...shownValue(bound, zone), [part]: event.target.value };
    const value = epochOf(next, zone);
    typed.set(bound.key, { ...next, value: value ?? bound.value });
    if (value !== null && value !== bound.value && (await ask(spec.confirm)))
      bound.set(value, { pause: 400 });
    redraw();
  };
  return h(
    "div",
    { ...group, class: "date-time", role: "group" },
    h("input", {
      key: "date",
      type: "date",
      max: "9999-12-31",
      class: "input picker",
      "aria-label": "Date",
      value: shown.date,
      onchange: change("date"),
      "data-part": "date",
      ...autofocus(spec),
    }),
    h("input", {
      key: "time",
      type: "time",
      class: "input picker",
      "aria-label": "Time",
      value: shown.time,
      onchange: change("time"),
      "data-part": "time",
    }),
    h("span", { key: "zone", class: "hint" }, zoneHint(bound.value, zone)),
    h("span", { key: "note", class: "hint note", "aria-live": "polite" }, skippedNote(shown, zone)),
  );
}

function shownValue(bound, zone) {
  const own = typed.get(bound.key);
  if (own && own.value === bound.value) return own;
  return bound.value == null ? { date: "", time: "" } : asInputs(bound.value, zone);
}

function epochOf({ date, time }, zone) {
  return date && time && Number(date.slice(0, 4)) >= FIRST_YEAR ? instant(date, time, zone) : null;
}

function zoneHint(value, zone) {
  return `${zoneCity(zone)} time (${zoneName(value ?? page.state.now, zone)})`;
}

function skippedNote(shown, zone) {
  const epoch = epochOf(shown, zone);
  if (epoch === null || asInputs(epoch, zone).time === shown.time) return "";
  return `${shown.time} does not exist on that day in ${zoneCity(zone)}, so ${asInputs(epoch, zone).time} is used.`;
}
