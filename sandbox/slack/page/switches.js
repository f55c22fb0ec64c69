/** The drawer at the bottom: switches that make this Slack misbehave. */
import { getSwitches, post } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { platformName } from "./platforms.js";
import { notify, page, redraw } from "./store.js";

const METHODS = [
  "chat.postMessage",
  "chat.update",
  "chat.postEphemeral",
  "views.open",
  "views.update",
  "views.push",
  "views.publish",
  "conversations.open",
  "users.info",
  "files.info",
  "auth.test",
];
const CAUSES = {
  "refuse with an error": { error: "internal_error" },
  "answer 500": { status: 500 },
  "answer 429 for 5 s": { status: 429, retry_after: 5 },
  "drop the connection": { reset: true },
  "do it, then lose the answer": { reset: true, after: true },
};
const failing = { method: METHODS[0], cause: Object.keys(CAUSES)[0], times: 1 };

export function switchesDrawer() {
  return h(
    "section",
    { key: "switches", class: "switches", "aria-label": "Make things fail" },
    h(
      "button",
      {
        type: "button",
        class: "switches-bar",
        "aria-expanded": String(page.switchesOpen),
        "aria-controls": "switches",
        onclick: toggle,
      },
      icon("dial"),
      "Make things fail",
      icon(page.switchesOpen ? "down" : "up"),
    ),
    page.switchesOpen &&
      h(
        "div",
        { id: "switches", class: "switches-list" },
        (page.switches ?? []).map(row),
        elsewhere(),
      ),
  );
}

async function toggle() {
  page.switchesOpen = !page.switchesOpen;
  redraw();
  if (page.switchesOpen) await load(getSwitches());
}

async function load(request) {
  try {
    const answer = await request;
    page.switches = answer.switches;
  } catch (error) {
    notify(error.message);
  }
  redraw();
}

const turn = (key, value) => load(post("switches", { [key]: value }));

function elsewhere() {
  return h(
    "p",
    { key: "elsewhere", class: "hint" },
    "The platforms have switches of their own: ",
    Object.entries(page.state.links ?? {}).map(([name, url], position) => [
      position > 0 && ", ",
      h(
        "a",
        { key: name, href: url, target: "_blank", rel: "noopener" },
        `those of ${platformName(name)}`,
      ),
    ]),
  );
}

function row(spec) {
  const id = `switch-${spec.key}`;
  const draw = CONTROLS[spec.kind] ?? (() => h("code", null, JSON.stringify(spec.value)));
  return h(
    "div",
    { key: spec.key, class: `switch ${spec.kind}`, "data-switch": spec.key },
    h("label", { for: id, id: `${id}-label` }, spec.label),
    h("div", { class: "switch-control" }, draw(spec, id)),
  );
}

const CONTROLS = {
  flag: ({ key, value }, id) =>
    h("input", {
      id,
      type: "checkbox",
      checked: value,
      onchange: (event) => turn(key, event.target.checked),
    }),
  number: ({ key, value }, id) =>
    h("input", {
      id,
      type: "number",
      min: "0",
      step: "any",
      class: "input",
      value: String(value),
      onchange: (event) => turn(key, Number(event.target.value)),
    }),
  choice: ({ key, value, choices }, id) =>
    h(
      "select",
      { id, class: "input select", value, onchange: (event) => turn(key, event.target.value) },
      Object.entries(choices).map(([each, label]) =>
        h("option", { key: each, value: each }, label),
      ),
    ),
  choices: ({ key, value, choices }, id) =>
    h(
      "div",
      { id, class: "choices", role: "group", "aria-labelledby": `${id}-label` },
      Object.entries(choices).map(([each, label]) =>
        h(
          "label",
          { key: each, class: "choice" },
          h("input", {
            type: "checkbox",
            value: each,
            checked: value.includes(each),
            onchange: (event) =>
              turn(
                key,
                Object.keys(choices).filter((other) =>
                  other === each ? event.target.checked : value.includes(other),
                ),
              ),
          }),
          h("span", null, label),
        ),
      ),
    ),
  failures: failures,
};

function failures({ key, value }, id) {
  const choose = (part, options) =>
    h(
      "select",
      {
        key: part,
        id: part === "method" ? id : null,
        class: "input select",
        "aria-label": part,
        value: failing[part],
        onchange: (event) => Object.assign(failing, { [part]: event.target.value }),
      },
      options.map((each) => h("option", { key: each, value: each }, each)),
    );
  const add = () =>
    turn(key, { ...value, [failing.method]: { ...CAUSES[failing.cause], times: failing.times } });
  return [
    Object.entries(value).map(([method, failure]) =>
      h(
        "div",
        { key: method, class: "failure" },
        h("code", null, method),
        h("span", null, describe(failure)),
        h(
          "button",
          {
            type: "button",
            class: "button",
            "aria-label": `Stop failing ${method}`,
            onclick: () => turn(key, without(value, method)),
          },
          "Stop",
        ),
      ),
    ),
    h(
      "div",
      { key: "new", class: "failure" },
      choose("method", METHODS),
      choose("cause", Object.keys(CAUSES)),
      h("input", {
        type: "number",
        min: "1",
        class: "input short",
        "aria-label": "times",
        value: String(failing.times),
        onchange: (event) => (failing.times = Math.max(1, Number(event.target.value))),
      }),
      h("span", null, "times"),
      h("button", { type: "button", class: "button", onclick: add }, "Let it fail"),
    ),
  ];
}

function without(value, method) {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== method));
}

function describe({ times, ...failure }) {
  const cause =
    Object.entries(CAUSES).find(
      ([, each]) => JSON.stringify(each) === JSON.stringify(failure),
    )?.[0] ?? JSON.stringify(failure);
  return times === undefined ? cause : `${cause}, ${times} more`;
}
