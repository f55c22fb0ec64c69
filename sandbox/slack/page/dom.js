/**
 * Draws plain descriptions of elements and later changes only what differs, so that typed text,
 * caret and scroll positions survive a redraw. `h()` makes a description; `patch()` draws.
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect"]);
const AS_PROPERTY = new Set(["value", "checked", "selected", "disabled", "multiple", "readOnly"]);

/**
 * Describes an element: {tag, key, props, children}. Props starting with "on" are listeners;
 * oncreate and onremove get the element when it has come and before it goes.
 */
export function h(tag, props, ...children) {
  const { key = null, ...rest } = props ?? {};
  return { tag, key, props: rest, children: flatten(children) };
}

function flatten(children) {
  return children
    .flat(Infinity)
    .filter((child) => child != null && child !== false && child !== true)
    .map((child) => (typeof child === "object" ? child : String(child)));
}

/** Props of a control that takes the focus when it appears, if the app asks for it. */
export function autofocus(spec) {
  return spec.focus_on_load ? { oncreate: (element) => element.focus() } : {};
}

/** Props that open a dialog element over the page while it is drawn. */
export const asDialog = {
  oncreate: (element) => element.showModal(),
  onremove: (element) => {
    element.close();
    queueMicrotask(focusAnew);
  },
};

/** Chromium gives the focus back without a caret when the caret was in the dialog that went. */
function focusAnew() {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return;
  focused.blur();
  focused.focus({ preventScroll: true });
}

/** Redraws the children of `parent` and keeps focus and selection where they were. */
export function patch(parent, children) {
  const focused = document.activeElement;
  const range = selectionOf(focused);
  patchChildren(parent, flatten([children]));
  const isLost = document.activeElement === document.body && focused !== document.body;
  if (isLost && focused?.isConnected) {
    focused.focus({ preventScroll: true });
    if (range) focused.setSelectionRange(...range);
  }
}

function selectionOf(element) {
  const typed =
    element?.tagName === "TEXTAREA" || (element?.tagName === "INPUT" && element.type === "text");
  return typed ? [element.selectionStart, element.selectionEnd, element.selectionDirection] : null;
}

function patchChildren(parent, vnodes) {
  const pool = [...parent.childNodes];
  const nodes = vnodes.map((vnode) => takeMatch(pool, vnode));
  pool.forEach(discard);
  let cursor = parent.firstChild;
  vnodes.forEach((vnode, index) => {
    const node = nodes[index] ? update(nodes[index], vnode) : create(vnode);
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
    if (!nodes[index]) created(node);
  });
}

function takeMatch(pool, vnode) {
  const index = pool.findIndex((node) => matches(node, vnode));
  return index < 0 ? null : pool.splice(index, 1)[0];
}

function matches(node, vnode) {
  if (typeof vnode === "string") return node.nodeType === Node.TEXT_NODE;
  return node.vnode?.tag === vnode.tag && node.vnode.key === vnode.key;
}

function discard(node) {
  removing(node);
  node.remove();
}

function removing(node) {
  node.childNodes.forEach(removing);
  node.vnode?.props.onremove?.(node);
}

function create(vnode) {
  if (typeof vnode === "string") return document.createTextNode(vnode);
  const node = SVG_TAGS.has(vnode.tag)
    ? document.createElementNS(SVG, vnode.tag)
    : document.createElement(vnode.tag);
  node.vnode = { tag: vnode.tag, key: vnode.key, props: {} };
  patchChildren(node, vnode.children);
  setProps(node, vnode);
  return node;
}

function created(node) {
  if (node.isConnected) node.vnode?.props.oncreate?.(node);
  else return;
  node.querySelectorAll?.("*").forEach((child) => {
    if (child.vnode?.props.oncreate && !child.announced) {
      child.announced = true;
      child.vnode.props.oncreate(child);
    }
  });
}

function update(node, vnode) {
  if (typeof vnode === "string") {
    if (node.data !== vnode) node.data = vnode;
    return node;
  }
  patchChildren(node, vnode.children);
  setProps(node, vnode);
  return node;
}

function setProps(node, vnode) {
  const before = node.vnode.props;
  node.vnode = vnode;
  for (const name of Object.keys(before))
    if (!(name in vnode.props)) setProp(node, name, null, before[name]);
  for (const [name, value] of Object.entries(vnode.props)) setProp(node, name, value, before[name]);
}

function setProp(node, name, value, before) {
  if (name === "oncreate" || name === "onremove") return;
  if (name.startsWith("on")) node[name] = value;
  else if (AS_PROPERTY.has(name)) {
    if (node[name] !== (value ?? "")) node[name] = value ?? (name === "value" ? "" : false);
  } else if (value === before) return;
  else if (value == null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
