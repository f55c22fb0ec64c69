/** Draws the page from the last state and keeps asking the server for the next one. */
import { getState } from "./api.js";
import { confirmDialog } from "./confirm.js";
import { channelPane } from "./conversation.js";
import { h, patch } from "./dom.js";
import { forgetViews } from "./fields.js";
import { appPane } from "./home.js";
import { modal } from "./modal.js";
import { close, placePopups } from "./popup.js";
import { act, onDraw, page, redraw, route } from "./store.js";
import { closeSidebar, sidebar } from "./sidebar.js";
import { switchesDrawer } from "./switches.js";
import { threadPane } from "./thread.js";
import { banner, toasts } from "./toasts.js";

const RETRY_AFTER = 1000;
const WAIT = 20;
const WAIT_FOR_APP = 2;
const root = document.getElementById("page");
let polling = null;

async function follow(member) {
  polling?.abort();
  const { signal } = (polling = new AbortController());
  let since = 0;
  while (!signal.aborted) {
    try {
      const state = await getState({
        member,
        since,
        wait: page.state?.apps_up === false ? WAIT_FOR_APP : WAIT,
        signal,
      });
      if (signal.aborted) return;
      since = state.version;
      take(state);
    } catch {
      if (signal.aborted) return;
      since = 0;
      page.offline = true;
      redraw();
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
    }
  }
}

function take(state) {
  const first = page.offline || page.state?.me.id !== state.me.id;
  const appIsGone = !first && !state.apps_up && !page.state.apps_up;
  const changed = first || page.state.version !== state.version || page.appIsGone !== appIsGone;
  Object.assign(page, { state, appIsGone, offline: false });
  forgetViews();
  if (first) tellAgain();
  if (changed) redraw();
}

let toldPlace = null;

function tellWhereWeAre() {
  const { place } = route();
  const told = `${page.member} ${place}`;
  if (told !== toldPlace && place !== "channel") act("home", { tab: place });
  toldPlace = told;
}

/** Also when it was told before: the server may be a new one, or the member clicked again. */
function tellAgain() {
  toldPlace = null;
  tellWhereWeAre();
}

function switchMember(id) {
  page.member = id;
  page.notices = [];
  const query = new URLSearchParams(location.search);
  query.set("member", id);
  history.replaceState(null, "", `?${query}${location.hash.replace(/\/t\/.*/, "")}`);
  follow(id);
}

function draw() {
  if (!page.state) {
    if (page.offline) patch(root, banner());
    return;
  }
  const { place, thread } = route();
  const classes = [
    "layout",
    thread && "with-thread",
    page.sidebarOpen && "with-sidebar",
    page.switchesOpen && "with-switches",
  ];
  const dialog = modal();
  patch(root, [
    h(
      "div",
      { key: "layout", class: classes.filter(Boolean).join(" ") },
      sidebar(switchMember),
      h("main", { key: "main" }, banner(), place === "channel" ? channelPane() : appPane()),
      page.sidebarOpen &&
        h("div", { key: "scrim", class: "scrim only-narrow", onclick: closeSidebar }),
      thread && threadPane(thread),
      switchesDrawer(),
    ),
    dialog,
    confirmDialog(),
    !dialog && toasts(),
  ]);
  placePopups();
  stick();
}

const nearBottom = (element) =>
  element.scrollHeight - element.scrollTop - element.clientHeight < 60;

function stick() {
  document.querySelectorAll("[data-stick]").forEach((element) => {
    if (element.stuck ?? true) element.scrollTop = element.scrollHeight;
  });
}

document.addEventListener(
  "scroll",
  (event) => {
    if (event.target.dataset?.stick !== undefined) event.target.stuck = nearBottom(event.target);
  },
  true,
);
document.addEventListener("load", stick, true);
addEventListener("revisit", tellAgain);
document.addEventListener("visibilitychange", redraw);
addEventListener("hashchange", () => {
  close();
  tellWhereWeAre();
  redraw();
});

onDraw(draw);
follow(page.member);
