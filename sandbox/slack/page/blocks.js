/** Draws Block Kit blocks. `surface`: see elements.js, with `errors` {block_id: text} in a modal. */
import { h } from "./dom.js";
import { element, elementId, imageSource } from "./elements.js";
import { isErrorStale } from "./fields.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { link } from "./mrkdwn.js";
import { richText } from "./rich_text.js";
import { plain, text } from "./text.js";

export function blocks(list, surface) {
  return (list ?? []).map((block, index) => {
    const draw = DRAW[block.type] ?? unknown;
    const key = `${block.type}/${block.block_id ?? index}`;
    return h(
      "div",
      {
        key,
        class: `block b-${block.type}`,
        "data-block-id": block.block_id,
        "data-block-type": block.type,
      },
      draw(block, surface),
    );
  });
}

const DRAW = {
  section,
  header,
  divider: () => h("hr"),
  context,
  actions,
  image,
  input,
  rich_text: richText,
  alert,
  card,
  table,
  video,
  container,
  carousel,
  markdown: (block) => markdown(block.text),
  file: (block) => h("span", { class: "hint" }, `File ${block.external_id}`),
};

function section(block, surface) {
  return [
    h(
      "div",
      { key: "body", class: "section-body" },
      block.text && h("div", { key: "text", class: "text" }, text(block.text)),
      block.fields &&
        h(
          "div",
          { key: "fields", class: "section-fields" },
          block.fields.map((field) => h("div", { class: "text" }, text(field))),
        ),
    ),
    block.accessory &&
      h("div", { key: "accessory", class: "accessory" }, element(block.accessory, block, surface)),
  ];
}

function header(block) {
  return h(block.level === 2 ? "h4" : "h3", null, text(block.text));
}

function context(block) {
  return block.elements.map((each) =>
    each.type === "image"
      ? picture(each, "context-image")
      : h("span", { class: "text" }, text(each)),
  );
}

function actions(block, surface) {
  return block.elements.map((each) =>
    h("div", { key: each.action_id, class: "action" }, element(each, block, surface)),
  );
}

function image(block) {
  return h(
    "figure",
    null,
    block.title && h("figcaption", null, text(block.title)),
    picture(block, "picture"),
  );
}

function picture(spec, className) {
  const source = imageSource(spec);
  const missing = (event) => event.target.classList.add("missing");
  return h("img", {
    key: source,
    class: className,
    src: source,
    alt: spec.alt_text ?? "",
    title: spec.alt_text,
    loading: "lazy",
    onerror: missing,
  });
}

function input(block, surface) {
  const viewId = surface.container.view_id;
  const id = elementId(surface, block, block.element);
  const error = isErrorStale(viewId, block.block_id) ? null : surface.errors?.[block.block_id];
  const about = {
    "aria-labelledby": `${id}-label`,
    "aria-describedby":
      [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" ") || null,
    "aria-required": block.optional ? null : "true",
    "aria-invalid": error ? "true" : null,
  };
  return [
    h(
      "div",
      { key: "label", class: "label" },
      h("label", { id: `${id}-label`, for: id }, plain(block.label)),
      block.optional && h("span", { class: "optional" }, " (optional)"),
    ),
    h(
      "div",
      { key: "control", class: error ? "control wrong" : "control" },
      element(block.element, block, surface, about),
    ),
    error &&
      h(
        "div",
        {
          key: "error",
          id: `${id}-error`,
          class: "problem",
          role: "alert",
          "data-error-for": block.block_id,
          oncreate: showFirst,
        },
        error,
      ),
    block.hint && h("div", { key: "hint", id: `${id}-hint`, class: "hint" }, text(block.hint)),
  ];
}

function showFirst(element) {
  const isFirst =
    element.closest(".dialog-body")?.querySelector(".problem, .notice.error") === element;
  if (isFirst) element.closest(".block").scrollIntoView({ block: "nearest" });
}

function alert(block) {
  const level = block.level ?? "default";
  return h(
    "div",
    { class: `notice ${level}`, role: level === "error" ? "alert" : "status", oncreate: showFirst },
    text(block.text),
  );
}

function card(block, surface) {
  return h(
    "div",
    { class: "card-box" },
    block.hero_image && picture(block.hero_image, "picture"),
    block.title && h("strong", { class: "text" }, text(block.title)),
    block.subtitle && h("span", { class: "hint" }, text(block.subtitle)),
    block.body && h("div", { class: "text" }, text(block.body)),
    block.actions &&
      h(
        "div",
        { class: "block b-actions" },
        actions({ ...block, elements: block.actions }, surface),
      ),
  );
}

function table(block) {
  const cell = (each) => (each.type === "rich_text" ? richText(each) : (each.text ?? ""));
  const [head, ...rows] = block.rows;
  return h(
    "div",
    { class: "table-box" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          head.map((each) => h("th", { scope: "col" }, cell(each))),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row) =>
          h(
            "tr",
            null,
            row.map((each) => h("td", null, cell(each))),
          ),
        ),
      ),
    ),
  );
}

function video(block) {
  const address = block.title_url ?? block.video_url;
  return [
    h("strong", null, link(address, plain(block.title)) ?? plain(block.title)),
    block.description && h("div", { class: "text" }, text(block.description)),
  ];
}

function container(block, surface) {
  return h(
    "div",
    { class: "card-box" },
    block.title && h("strong", null, text(block.title)),
    blocks(block.elements ?? block.child_blocks, surface),
  );
}

function carousel(block, surface) {
  return blocks(
    (block.elements ?? block.cards).map((each) => ({ type: "card", ...each })),
    surface,
  );
}

function unknown(block) {
  return h(
    "span",
    { class: "unknown" },
    icon("file"),
    ` A “${block.type}” block, which is not drawn here.`,
  );
}
