/** What this page knows: the last state, where the reader is, and small notices of its own. */
import { post } from "./api.js";

export const page = {
  state: null,
  member: new URLSearchParams(location.search).get("member") ?? "U0ALICE",
  offline: false,
  appIsGone: false,
  sidebarOpen: false,
  notices: [],
  switches: null,
  switchesOpen: false,
};

let draw = () => {};
let scheduled = false;

export function onDraw(callback) {
  draw = callback;
}

/** Draws again before the next frame; many calls make one drawing. */
export function redraw() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    draw();
  });
}

/**
 * Sends a request for the acting member; a refusal is shown as a notice, except those named in
 * `quiet`, and resolves to null.
 */
export async function act(path, body, { quiet = [] } = {}) {
  try {
    return await post(path, { member: page.member, ...body });
  } catch (error) {
    if (!quiet.includes(error.code)) notify(error.message);
    return null;
  }
}

let noticeCount = 0;

export function notify(text, level = "error") {
  const id = `own-${++noticeCount}`;
  page.notices.push({ id, text, level });
  redraw();
}

/** What mrkdwn needs to know about the reader. */
export function reading() {
  const { state } = page;
  return {
    memberName: (id) => memberName(id),
    channelName: (id) =>
      state.conversations.find((conversation) => conversation.id === id)?.name.replace(/^#/, ""),
    zone: state.me.tz,
    now: state.now,
  };
}

export function memberName(id) {
  return (
    page.state.members.find((member) => member.id === id)?.name ??
    (id === "U0BOT" ? "Postbot" : undefined)
  );
}

export function directMessages() {
  return page.state.conversations.find((conversation) => conversation.kind === "dm");
}

/** Where the reader is, kept in the address: {place: home|messages|channel, channel, thread}. */
export function route() {
  const [place = "", id, , thread] = location.hash.replace(/^#\/?/, "").split("/");
  if (place === "c") return { place: "channel", channel: id, thread: thread ?? null };
  if (place === "home") return { place: "home", channel: directMessages()?.id, thread: null };
  return {
    place: "messages",
    channel: directMessages()?.id,
    thread: id === "t" ? (location.hash.split("/")[3] ?? null) : null,
  };
}

/** Goes to another place; going to where one is counts as opening it once more ("revisit"). */
export function go(hash) {
  page.sidebarOpen = false;
  if (location.hash === `#${hash}`) dispatchEvent(new Event("revisit"));
  location.hash = hash;
  redraw();
}

/** Address of the place shown now, with that thread open or none. */
export function threadHash(ts) {
  const { place, channel } = route();
  const base = place === "channel" ? `/c/${channel}` : "/messages";
  return ts ? `${base}/t/${ts}` : base;
}
