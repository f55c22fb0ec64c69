/** What each member has seen, kept in this browser. */
import { page } from "./store.js";

const slot = (place) => `read:${page.member}:${place}`;

function lastRead(place) {
  return localStorage.getItem(slot(place)) ?? "0";
}

function newest(messages) {
  return messages
    .filter((message) => message.user !== page.member)
    .reduce((latest, { ts }) => (ts > latest ? ts : latest), "0");
}

export function isUnread(conversation) {
  return newest(conversation.messages) > lastRead(conversation.id);
}

export function isThreadUnread(channel, ts, replies) {
  return newest(replies) > lastRead(`${channel}/${ts}`);
}

/** Remembers that `messages` were seen at `place`: a channel id, or "channel/ts" for a thread. */
export function markRead(place, messages) {
  const latest = newest(messages);
  if (!document.hidden && latest > lastRead(place)) localStorage.setItem(slot(place), latest);
}
