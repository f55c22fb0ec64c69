/** The stack of modals: the top one is shown, with its title, blocks, errors and buttons. */
import { blocks } from "./blocks.js";
import { asDialog, h } from "./dom.js";
import { dropUnsent, flush, freshErrors } from "./fields.js";
import { isUploading } from "./file_input.js";
import { icon } from "./icons.js";
import { act, page, redraw } from "./store.js";
import { plain } from "./text.js";
import { toasts } from "./toasts.js";

const sending = new Set();

export function modal() {
  const stack = page.state.views ?? [];
  const top = stack.at(-1);
  if (!top) return null;
  const { view } = top;
  const busy = top.busy || sending.has(view.id);
  return h(
    "dialog",
    {
      key: "modal",
      class: `dialog modal depth-${stack.length}`,
      role: "dialog",
      "aria-modal": "true",
      "aria-labelledby": "modal-title",
      "aria-busy": String(busy),
      "data-view-id": view.id,
      "data-callback-id": view.callback_id,
      onkeydown: (event) => keys(event, view, busy),
      oncancel: (event) => {
        event.preventDefault();
        close(view, false);
      },
      ...asDialog,
    },
    h(
      "header",
      { key: "head", class: "dialog-head" },
      h("h2", { id: "modal-title" }, plain(view.title)),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": "Close",
          title: stack.length > 1 ? "Close all" : "Close",
          "data-modal": "dismiss",
          onclick: () => close(view, true),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { key: view.id, class: "dialog-body", tabindex: "-1", oncreate: startReading },
      blocks(view.blocks, {
        container: { type: "view", view_id: view.id },
        values: view.state?.values,
        errors: top.errors,
        kind: "modal",
        onenter: () => submit(view, busy),
      }),
    ),
    top.notice && h("div", { key: "notice", class: "notice error", role: "alert" }, top.notice),
    footer(view, busy),
    toasts(),
  );
}

function startReading(element) {
  element.scrollTop = 0;
  element.focus({ preventScroll: true });
}

function footer(view, busy) {
  const uploading = isUploading(view.id);
  return h(
    "div",
    { key: "foot", class: "dialog-buttons" },
    h(
      "button",
      {
        key: "close",
        type: "button",
        class: "button",
        "data-modal": "close",
        onclick: () => close(view, false),
      },
      plain(view.close) || (view.submit ? "Cancel" : "Close"),
    ),
    view.submit &&
      h(
        "button",
        {
          key: "submit",
          type: "button",
          class: "button primary",
          "data-modal": "submit",
          "aria-disabled": String(busy || uploading),
          onclick: () => submit(view, busy),
        },
        busy && h("span", { class: "spinner", "aria-hidden": "true" }),
        uploading ? "Uploading…" : plain(view.submit),
      ),
  );
}

function keys(event, view, busy) {
  if (event.key === "Escape") {
    event.preventDefault();
    close(view, false);
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(view, busy);
}

async function submit(view, busy) {
  if (!view.submit || busy || sending.has(view.id) || isUploading(view.id)) return;
  sending.add(view.id);
  redraw();
  await flush(view.id, { quietly: true });
  await act("submit", { view_id: view.id }, { quiet: ["busy", "view_not_found"] });
  freshErrors(view.id);
  sending.delete(view.id);
  redraw();
}

async function close(view, all) {
  dropUnsent(view.id);
  await act("close", { view_id: view.id, all }, { quiet: ["view_not_found"] });
}
