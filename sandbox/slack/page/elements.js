/**
 * Draws the interactive elements of Block Kit. `surface` is where they stand: {container, values,
 * kind, onenter?}, with `values` the known view.state.values. `data-action-id` sits on the control
 * itself, or on the group around several controls.
 */
import { ask } from "./confirm.js";
import { dateTimePicker } from "./date_time.js";
import { autofocus, h } from "./dom.js";
import { externalSelect } from "./external_select.js";
import { clickAction, field, fieldKey } from "./fields.js";
import { fileInput } from "./file_input.js";
import { icon } from "./icons.js";
import { multiSelect } from "./multi_select.js";
import { isSafe } from "./mrkdwn.js";
import { menu } from "./popup.js";
import { choices, optionGroups, select } from "./selects.js";
import { plain } from "./text.js";

/** The id of the control in the document, the same in every drawing. */
export function elementId({ container }, block, spec) {
  return `f-${fieldKey(container, block.block_id, spec.action_id).replace(/[^\w-]/g, "_")}`;
}

/** `about` are the ARIA attributes that an input block gives its element. */
export function element(spec, block, surface, about = null) {
  const draw = DRAW[spec.type];
  if (!draw)
    return h("span", { class: "unknown" }, `The element “${spec.type}” is not drawn here.`);
  const known = surface.values?.[block.block_id]?.[spec.action_id];
  const bound = field({ container: surface.container, block, element: spec, known });
  const id = elementId(surface, block, spec);
  const name = about ?? {
    "aria-label": plain(spec.placeholder) || plain(block.text) || spec.type.replaceAll("_", " "),
  };
  const attributes = {
    key: `${spec.action_id}/${spec.type}`,
    id,
    "data-action-id": spec.action_id,
    "data-field": bound.key,
    ...name,
  };
  return draw({ spec, block, surface, bound, attributes });
}

const DRAW = {
  button,
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  rich_text_input: textInput,
  static_select: select,
  external_select: externalSelect,
  users_select: select,
  conversations_select: select,
  channels_select: select,
  multi_static_select: multi,
  multi_users_select: multi,
  multi_conversations_select: multi,
  multi_channels_select: multi,
  checkboxes: choices,
  radio_buttons: choices,
  overflow,
  datepicker: (given) => picker(given, "date"),
  timepicker: (given) => picker(given, "time"),
  datetimepicker: dateTimePicker,
  file_input: fileInput,
  image,
  icon_button: button,
};

function button({ spec, block, surface, attributes }) {
  const { "aria-label": _, "aria-labelledby": __, "data-field": ___, ...own } = attributes;
  const onclick = async () => {
    if (await ask(spec.confirm))
      await clickAction({ container: surface.container, block, element: spec });
  };
  const props = {
    ...own,
    class: `button ${spec.style ?? ""}`,
    "aria-label": spec.accessibility_label,
    onclick,
  };
  const content = spec.text ? plain(spec.text) : spec.icon;
  if (!spec.url || !isSafe(spec.url)) return h("button", { ...props, type: "button" }, content);
  return h(
    "a",
    { ...props, href: spec.url, target: "_blank", rel: "noopener noreferrer" },
    content,
    icon("outside"),
  );
}

const INPUT_MODES = { email_text_input: "email", url_text_input: "url", number_input: "decimal" };

function textInput({ spec, surface, bound, attributes }) {
  const multiline = spec.multiline || spec.type === "rich_text_input";
  const onkeydown = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (!multiline || bound.sendsEnter) event.preventDefault();
    if (bound.sendsEnter) bound.press();
    else if (!multiline) surface.onenter?.();
  };
  const props = {
    ...attributes,
    class: "input",
    placeholder: plain(spec.placeholder),
    autocomplete: "off",
    value: bound.value,
    ...autofocus(spec),
    oninput: (event) => bound.set(event.target.value),
    onkeydown,
  };
  const control = multiline
    ? h("textarea", { ...props, rows: 4 })
    : h("input", { ...props, type: "text", inputmode: INPUT_MODES[spec.type] });
  return [control, counter(spec, bound.value)];
}

function counter({ max_length: limit }, value) {
  if (!limit || value.length < limit * 0.8) return null;
  const left = limit - value.length;
  return h(
    "span",
    { key: "counter", class: left < 0 ? "counter over" : "counter" },
    left < 0 ? `${-left} too many` : `${left} left`,
  );
}

function multi(given) {
  return multiSelect({ ...given, groups: optionGroups(given.spec) });
}

function overflow({ spec, block, surface, bound, attributes }) {
  const choose = async (option) => {
    if (option.url && isSafe(option.url)) window.open(option.url, "_blank", "noopener");
    if (await ask(spec.confirm))
      await clickAction({
        container: surface.container,
        block,
        element: spec,
        value: option.value,
      });
  };
  return menu({
    key: bound.key,
    button: {
      label: "More actions",
      content: icon("more"),
      props: { class: "button overflow", id: attributes.id, "data-action-id": spec.action_id },
    },
    items: spec.options.map((option) => ({
      label: plain(option.text),
      hint: plain(option.description),
      onpick: () => choose(option),
      props: { "data-value": option.value },
    })),
  });
}

function picker({ spec, bound, attributes }, type) {
  const onchange = async (event) => {
    const chosen = event.target.value || null;
    if (await ask(spec.confirm)) bound.set(chosen, { pause: 400 });
    else event.target.value = bound.value ?? "";
  };
  const control = h("input", {
    ...attributes,
    type,
    max: type === "date" ? "9999-12-31" : null,
    class: "input picker",
    value: bound.value ?? "",
    ...autofocus(spec),
    onchange,
  });
  return spec.timezone
    ? [control, h("span", { key: "zone", class: "hint" }, `${spec.timezone} time`)]
    : control;
}

function image({ spec }) {
  return h("img", { class: "thumbnail", src: imageSource(spec), alt: spec.alt_text ?? "" });
}

/** Where an image is read from: an uploaded file through this server, others by their address. */
export function imageSource(spec) {
  const id = spec.slack_file?.id ?? spec.slack_file?.url?.match(/\/(F[A-Z0-9]+)(?:\/|$)/)?.[1];
  return id ? `/_/file/${id}` : (spec.slack_file?.url ?? spec.image_url);
}
