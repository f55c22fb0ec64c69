/** Slack's file_input: choose or drop files, take them away again. The value is a list of ids. */
import { upload } from "./api.js";
import { autofocus, h } from "./dom.js";
import { icon } from "./icons.js";
import { notify, page, redraw } from "./store.js";

const MOST_BYTES = 10 * 1024 * 1024;
const uploaded = new Map();
const uploading = new Map();

/** The file object of that id, as far as this page knows it. */
export function fileById(id) {
  return page.state.files?.[id] ?? uploaded.get(id) ?? { id, name: id, mimetype: "", size: 0 };
}

/** Whether an upload into some input of that view is under way. */
export function isUploading(viewId) {
  return [...uploading].some(([key, names]) => names.length > 0 && key.startsWith(`${viewId}|`));
}

export function fileInput({ spec, bound, attributes }) {
  const { id, "data-field": _, "data-action-id": actionId, key, ...name } = attributes;
  const names = uploading.get(bound.key) ?? [];
  const room = (spec.max_files ?? 10) - bound.value.length - names.length;
  const add = (files) =>
    addFiles(
      [...files].slice(0, Math.max(room, 0)),
      bound,
      [...files].length > room ? (spec.max_files ?? 10) : null,
    );
  const drop = (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  };
  return h(
    "div",
    {
      key,
      class: "files",
      role: "group",
      ...name,
      ondragover: (event) => event.preventDefault(),
      ondrop: drop,
    },
    bound.value.map((fileId) =>
      row(fileById(fileId), () => bound.set(bound.value.filter((each) => each !== fileId))),
    ),
    names.map((file) =>
      h(
        "div",
        { key: `up-${file}`, class: "file" },
        icon("file"),
        h("span", null, `Uploading ${file}…`),
      ),
    ),
    room > 0 &&
      h(
        "label",
        { key: "add", class: "drop" },
        h("input", {
          id,
          type: "file",
          class: "unseen",
          "data-action-id": actionId,
          multiple: room > 1,
          ...name,
          ...autofocus(spec),
          accept: spec.filetypes?.map((type) => `.${type}`).join(","),
          onchange: (event) => {
            add(event.target.files);
            event.target.value = "";
          },
        }),
        icon("plus"),
        h("span", null, bound.value.length ? "Add another file" : "Choose files or drop them here"),
      ),
  );
}

function row(file, remove) {
  return h(
    "div",
    { key: file.id, class: "file", "data-file-id": file.id },
    file.mimetype.startsWith("image/")
      ? h("img", { class: "thumbnail", src: `/_/file/${file.id}`, alt: "" })
      : icon("file"),
    h("span", null, file.name, h("small", null, size(file.size))),
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": `Remove ${file.name}`, onclick: remove },
      icon("close"),
    ),
  );
}

export function size(bytes) {
  return bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

async function addFiles(files, bound, limit) {
  if (limit) notify(`At most ${limit} ${limit === 1 ? "file fits" : "files fit"} here.`);
  let ids = bound.value;
  for (const file of files) {
    const id = await uploadOne(file, bound.key);
    if (id) bound.set((ids = [...ids, id]));
  }
}

async function uploadOne(file, key) {
  if (file.size > MOST_BYTES) return notify(`${file.name} is larger than 10 MB.`);
  const waiting = (change) => {
    uploading.set(key, change(uploading.get(key) ?? []));
    redraw();
  };
  waiting((names) => [...names, file.name]);
  const stored = await storeFile(file);
  waiting((names) => names.filter((name) => name !== file.name));
  return stored?.id;
}

/** Uploads and remembers one file; a failure is shown and resolves to null. */
export async function storeFile(file) {
  try {
    const stored = await upload(page.member, file);
    uploaded.set(stored.id, stored);
    return stored;
  } catch (error) {
    notify(`${file.name} was not uploaded: ${error.message}`);
    return null;
  }
}
