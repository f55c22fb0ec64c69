/** Lists of options to choose from: menus of one value, checkboxes, radio buttons. */
import { ask } from "./confirm.js";
import { autofocus, h } from "./dom.js";
import { page } from "./store.js";
import { plain, text } from "./text.js";

export function select({ spec, block, surface, bound, attributes }) {
  const groups = optionGroups(spec);
  const onchange = async (event) => {
    const chosen = event.target.value || null;
    if (await ask(spec.confirm)) bound.set(chosen);
    else event.target.value = bound.value ?? "";
  };
  const draw = ([value, label]) => h("option", { key: value, value }, label);
  const mayBeEmpty = bound.value == null || (block.type === "input" && block.optional);
  const described = groups
    .flatMap((group) => group.options)
    .find(([value]) => value === bound.value)?.[2];
  return [
    h(
      "select",
      {
        ...attributes,
        class: "input select",
        value: bound.value ?? "",
        ...autofocus(spec),
        onchange,
      },
      mayBeEmpty && h("option", { key: "", value: "" }, plain(spec.placeholder) || "Choose…"),
      groups.map((group) =>
        group.label
          ? h("optgroup", { key: group.label, label: group.label }, group.options.map(draw))
          : group.options.map(draw),
      ),
    ),
    described && h("span", { key: "described", class: "hint" }, described),
  ];
}

/** [{label|null, options: [[value, label, description]]}] of any kind of select. */
export function optionGroups(spec) {
  const { state } = page;
  const option = (each) => [each.value, plain(each.text), plain(each.description)];
  if (spec.type.includes("users"))
    return [{ label: null, options: state.members.map((member) => [member.id, member.name]) }];
  const takesConversations = spec.type.endsWith("conversations_select");
  if (takesConversations || spec.type.endsWith("channels_select")) {
    const wanted = state.conversations.filter(
      (each) => takesConversations || each.kind === "channel",
    );
    return [{ label: null, options: wanted.map((each) => [each.id, each.name]) }];
  }
  if (spec.option_groups)
    return spec.option_groups.map((group) => ({
      label: plain(group.label),
      options: group.options.map(option),
    }));
  return [{ label: null, options: (spec.options ?? []).map(option) }];
}

export function choices({ spec, bound, attributes }) {
  const many = spec.type === "checkboxes";
  const { "data-field": _, ...group } = attributes;
  const pick = (value) => async (event) => {
    const checked = event.target.checked;
    if (!(await ask(spec.confirm))) event.target.checked = !checked;
    else if (many)
      bound.set(
        spec.options
          .map((each) => each.value)
          .filter((each) => (each === value ? checked : bound.value.includes(each))),
      );
    else bound.set(value);
  };
  return h(
    "div",
    { ...group, class: "choices", role: many ? "group" : "radiogroup" },
    spec.options.map((option, index) =>
      h(
        "label",
        { key: option.value, class: "choice" },
        h("input", {
          type: many ? "checkbox" : "radio",
          name: attributes.id,
          value: option.value,
          onchange: pick(option.value),
          checked: many ? bound.value.includes(option.value) : bound.value === option.value,
          ...autofocus(index === 0 && spec),
        }),
        h(
          "span",
          null,
          h("span", null, text(option.text)),
          option.description && h("span", { class: "hint" }, text(option.description)),
        ),
      ),
    ),
  );
}
