/**
 * The values of all inputs, kept outside the elements and found again by container, block id and
 * action id, so that a redraw or an update of the view never loses what was typed. Also decides
 * what is sent to the server and when.
 */
import { page, act, redraw } from "./store.js";

const TYPING_PAUSE = 300;
const ADOPT_AFTER = 1500;
const TEXT_TYPES = new Set([
  "plain_text_input",
  "email_text_input",
  "url_text_input",
  "number_input",
  "rich_text_input",
]);
const entries = new Map();

/** `container` is {type: "view", view_id} or {type: "message", channel, ts}. */
export function fieldKey(container, blockId, actionId) {
  return [container.view_id ?? `${container.channel}:${container.ts}`, blockId, actionId].join("|");
}

/**
 * The field of one element: {key, value, set(value), sendsEnter, press()}. `set` keeps and sends a
 * change; `press` sends the action of Enter where `sendsEnter` says there is one. `known` is the
 * element's entry in view.state.values, if any.
 */
export function field({ container, block, element, known }) {
  const key = fieldKey(container, block.block_id, element.action_id);
  if (!entries.has(key))
    entries.set(key, { value: known ? fromState(element, known) : initial(element), changedAt: 0 });
  const entry = entries.get(key);
  Object.assign(entry, { container, block, element });
  if (known) adopt(entry, fromState(element, known), key);
  return {
    key,
    value: entry.value,
    set: (value, options) => change(entry, value, options),
    sendsEnter: triggers(entry).includes("on_enter_pressed"),
    press: () => press(entry),
  };
}

function adopt(entry, value, key) {
  const busy = entry.timer || entry.sending || Date.now() - entry.changedAt < ADOPT_AFTER;
  if (!busy && document.activeElement?.dataset?.field !== key) entry.value = value;
}

function fromState(element, known) {
  const options = (list) => (list ?? []).map((option) => option.value);
  switch (element.type) {
    case "static_select":
    case "external_select":
    case "radio_buttons":
      return known.selected_option?.value ?? null;
    case "multi_static_select":
    case "checkboxes":
      return options(known.selected_options);
    case "users_select":
      return known.selected_user ?? null;
    case "multi_users_select":
      return known.selected_users ?? [];
    case "multi_conversations_select":
      return known.selected_conversations ?? [];
    case "multi_channels_select":
      return known.selected_channels ?? [];
    case "conversations_select":
      return known.selected_conversation ?? null;
    case "channels_select":
      return known.selected_channel ?? null;
    case "datepicker":
      return known.selected_date ?? null;
    case "timepicker":
      return known.selected_time ?? null;
    case "datetimepicker":
      return known.selected_date_time ?? null;
    case "file_input":
      return (known.files ?? []).map((file) => file.id ?? file);
    case "rich_text_input":
      return plain(known.rich_text_value);
    default:
      return lineEnds(known.value);
  }
}

function initial(element) {
  switch (element.type) {
    case "static_select":
    case "external_select":
    case "radio_buttons":
      return element.initial_option?.value ?? null;
    case "multi_static_select":
    case "checkboxes":
      return (element.initial_options ?? []).map((option) => option.value);
    case "users_select":
      return element.initial_user ?? null;
    case "multi_users_select":
      return element.initial_users ?? [];
    case "multi_conversations_select":
      return element.initial_conversations ?? [];
    case "multi_channels_select":
      return element.initial_channels ?? [];
    case "conversations_select":
      return element.initial_conversation ?? null;
    case "channels_select":
      return element.initial_channel ?? null;
    case "datepicker":
      return element.initial_date ?? null;
    case "timepicker":
      return element.initial_time ?? null;
    case "datetimepicker":
      return element.initial_date_time ?? null;
    case "file_input":
      return [];
    case "rich_text_input":
      return plain(element.initial_value);
    default:
      return lineEnds(element.initial_value);
  }
}

const lineEnds = (text) => (text ?? "").replaceAll("\r\n", "\n");

function plain(richText) {
  if (typeof richText === "string") return richText;
  return (richText?.elements ?? [])
    .map((part) => part.text ?? plain(part))
    .join(richText?.type === "rich_text" ? "\n" : "");
}

function change(entry, value, { pause = 0 } = {}) {
  entry.value = value;
  entry.changedAt = Date.now();
  errorsSeen.add(entry.container.view_id + "|" + entry.block.block_id);
  clearTimeout(entry.timer);
  const wait = Math.max(pause, TEXT_TYPES.has(entry.element.type) ? TYPING_PAUSE : 0);
  if (wait) entry.timer = setTimeout(() => send(entry, sendsTyping(entry)), wait);
  else send(entry, sendsTyping(entry));
  redraw();
}

function press(entry) {
  stopTimer(entry);
  send(entry, true);
}

function triggers({ block, element }) {
  if (block.type === "input" && !block.dispatch_action) return [];
  return element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
}

function sendsTyping(entry) {
  const dispatches = entry.block.type !== "input" || entry.block.dispatch_action;
  if (!TEXT_TYPES.has(entry.element.type)) return dispatches;
  return triggers(entry).includes("on_character_entered");
}

/** The form may have changed or closed meanwhile: then the value has no place any more. */
const IF_GONE = { quiet: ["view_not_found", "element_not_found", "message_not_found"] };

async function send(entry, asAction) {
  entry.timer = null;
  const { container, block, element, value } = entry;
  const ids = { block_id: block.block_id, action_id: element.action_id, value };
  if (asAction) await flush(container.view_id);
  if (!asAction && !container.view_id) return;
  const sending = asAction
    ? act("action", { container, ...ids }, IF_GONE)
    : act("input", { view_id: container.view_id, ...ids }, IF_GONE);
  entry.sending = sending;
  await sending;
  if (entry.sending === sending) entry.sending = null;
}

/**
 * Sends what is typed but not yet sent in that view, so that the next request sees all of it.
 * `quietly` keeps values only, without the actions that they would cause.
 */
export async function flush(viewId, { quietly = false } = {}) {
  const ours = inView(viewId);
  const waiting = ours.filter((entry) => entry.timer);
  waiting.forEach(stopTimer);
  waiting.forEach((entry) => send(entry, !quietly && sendsTyping(entry)));
  await Promise.all(ours.map((entry) => entry.sending));
}

/** Drops what is typed but not yet sent, as when the form is closed. */
export function dropUnsent(viewId) {
  inView(viewId).forEach(stopTimer);
}

function inView(viewId) {
  return viewId ? [...entries.values()].filter((entry) => entry.container?.view_id === viewId) : [];
}

function stopTimer(entry) {
  clearTimeout(entry.timer);
  entry.timer = null;
}

/** Clicks on buttons and menus: sends typed text of the view first. */
export async function clickAction({ container, block, element, value = null }) {
  await flush(container.view_id);
  await act("action", { container, block_id: block.block_id, action_id: element.action_id, value });
}

const errorsSeen = new Set();

/** An error under a block disappears once its input changes, until the next submission. */
export function isErrorStale(viewId, blockId) {
  return errorsSeen.has(viewId + "|" + blockId);
}

export function freshErrors(viewId) {
  [...errorsSeen]
    .filter((key) => key.startsWith(viewId + "|"))
    .forEach((key) => errorsSeen.delete(key));
}

/** Forgets the inputs of views that are gone, and those that a view has no more. */
export function forgetViews() {
  const views = page.state.views.map(({ view }) => view).concat(page.state.home ?? []);
  const alive = new Map(
    views.map((view) => [view.id, new Set(view.blocks.map((block) => block.block_id))]),
  );
  for (const [key, entry] of entries) {
    const viewId = entry.container?.view_id;
    if (!viewId || alive.get(viewId)?.has(entry.block.block_id)) continue;
    stopTimer(entry);
    entries.delete(key);
  }
}
