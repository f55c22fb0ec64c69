// Asks the stand-in every second what is there, and draws what changed.

import { drawFeed } from "./feed.js";
import { drawSwitches, onTurn } from "./panel.js";

const POLL_MS = 1000;
// Whatever the switch for the calls says.
const HITS_ALL = ["outage", "refuses"];
const { platform, post } = document.body.dataset;
const panel = document.getElementById("panel");
const alarm = document.getElementById("alarm");
const said = document.getElementById("said");

const ACTIONS = {
  expire: () => send("POST", "/_/expire_tokens", {}),
  disconnect: () => send("POST", "/_/expire_tokens", { refresh_tokens: true }),
  clear: () => send("DELETE", "/_/timeline"),
};
const SAID = {
  expire: "Access tokens are expired. Apps must refresh them with their next call.",
  disconnect: "All tokens are dead. Every profile must be connected again.",
  clear: `All ${post}s are removed.`,
};

let etag = "";
let turns = 0;

async function send(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await fetch(path, options);
  return response.json();
}

async function refreshFeed() {
  const response = await fetch("/_/timeline", {
    cache: "no-store",
    headers: etag ? { "If-None-Match": etag } : {},
  });
  if (response.status === 304) return;
  etag = response.headers.get("ETag") ?? "";
  drawFeed(await response.json());
}

function showSwitches(described) {
  drawSwitches(described.switches);
  const mode = described.switches.find((one) => one.key === "mode");
  alarm.hidden = mode.value === "ok";
  alarm.firstElementChild.textContent = alarmText(mode, described.switches);
}

function alarmText(mode, switches) {
  const says = `${platform} now ${mode.choices[mode.value]}.`;
  if (HITS_ALL.includes(mode.value)) return says;
  const hit = switches.find((one) => one.key === "apply_to");
  return `${says} It hits ${hit.choices[hit.value]}.`;
}

// An answer that was on its way when a switch was turned is older than the turn.
async function refreshSwitches() {
  const before = turns;
  const described = await send("GET", "/_/switches");
  if (turns === before) showSwitches(described);
}

async function turn(values) {
  turns += 1;
  const answer = await send("POST", "/_/switches", values);
  said.textContent = answer.error ?? "";
  if (!answer.error) showSwitches(answer);
}

async function poll() {
  try {
    await refreshFeed();
    await refreshSwitches();
    document.body.classList.remove("gone");
  } catch {
    document.body.classList.add("gone");
    document.getElementById("summary").textContent =
      "The stand-in does not answer. Is it still running?";
    etag = "";
  }
  setTimeout(poll, POLL_MS);
}

onTurn(turn);
alarm.querySelector("button").addEventListener("click", () => turn({ mode: "ok", mode_times: 0 }));
panel.addEventListener("click", async (event) => {
  const action = event.target.dataset.action;
  if (!action) return;
  await ACTIONS[action]();
  said.textContent = SAID[action];
});
panel.open = window.matchMedia("(min-width: 900px)").matches;
poll();
