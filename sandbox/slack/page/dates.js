/** Wall-clock arithmetic in an IANA zone, and Slack's date tokens. Instants are epoch seconds. */

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY = 86400;
const formatters = new Map();

function formatter(zone) {
  if (!formatters.has(zone)) {
    formatters.set(
      zone,
      new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      }),
    );
  }
  return formatters.get(zone);
}

/** The wall clock of `zone` at `epoch`: {year, month 1-12, day, hour, minute, second}. */
export function wallClock(epoch, zone) {
  const parts = formatter(zone).formatToParts(new Date(epoch * 1000));
  return Object.fromEntries(
    parts.filter((part) => part.type !== "literal").map((part) => [part.type, Number(part.value)]),
  );
}

function asUtc({ year, month, day, hour = 0, minute = 0, second = 0 }) {
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/**
 * The instant of "YYYY-MM-DD" "HH:mm" in `zone`. A time that exists twice gives the first; one
 * that a change of clocks skips moves on by as much.
 */
export function instant(date, time, zone) {
  const [year, month, day] = date.split("-").map(Number);
  const [hour, minute] = time.split(":").map(Number);
  const wanted = asUtc({ year, month, day, hour, minute });
  const offset = (epoch) => asUtc(wallClock(epoch, zone)) - epoch;
  const [before, after] = [offset(wanted - DAY), offset(wanted + DAY)];
  const early = wanted - before;
  return before === after || offset(early) === before
    ? early
    : offset(wanted - after) === after
      ? wanted - after
      : early;
}

const two = (number) => String(number).padStart(2, "0");

/** {date: "YYYY-MM-DD", time: "HH:mm"} as date and time inputs want them. */
export function asInputs(epoch, zone) {
  const { year, month, day, hour, minute } = wallClock(epoch, zone);
  return { date: `${year}-${two(month)}-${two(day)}`, time: `${two(hour)}:${two(minute)}` };
}

/** "New York" of "America/New_York". */
export function zoneCity(zone) {
  return zone.split("/").at(-1).replaceAll("_", " ");
}

/** Abbreviation of the zone at that instant, such as "EST" or "GMT+1". */
export function zoneName(epoch, zone) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    timeZoneName: "short",
  }).formatToParts(new Date(epoch * 1000));
  return parts.find((part) => part.type === "timeZoneName").value;
}

/** Whole days from today's date to that of `epoch`, both in `zone`. */
export function daysAway(epoch, now, zone) {
  const dayNumber = (at) => {
    const { year, month, day } = wallClock(at, zone);
    return asUtc({ year, month, day }) / DAY;
  };
  return dayNumber(epoch) - dayNumber(now);
}

function ordinal(day) {
  const teen = day % 100 >= 11 && day % 100 <= 13;
  return day + (teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"));
}

export function clockTime(epoch, zone, withSeconds = false) {
  const { hour, minute, second } = wallClock(epoch, zone);
  return `${hour % 12 || 12}:${two(minute)}${withSeconds ? `:${two(second)}` : ""} ${hour < 12 ? "AM" : "PM"}`;
}

export function ago(epoch, now) {
  const seconds = Math.round(epoch - now);
  const [size, unit] = [
    [DAY, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ].find(([size]) => Math.abs(seconds) >= size) ?? [1, "second"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(
    Math.trunc(seconds / size),
    unit,
  );
}

/** Replaces Slack's tokens such as {date_short_pretty}; a word at the start gets a capital. */
export function formatDate(format, epoch, { zone, now }) {
  const text = format.replace(
    /\{(\w+)\}/g,
    (whole, token) => TOKENS[token]?.(epoch, zone, now) ?? whole,
  );
  return format.startsWith("{") ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

const long = (epoch, zone) => {
  const { year, month, day } = wallClock(epoch, zone);
  const weekday = DAYS[new Date(asUtc({ year, month, day }) * 1000).getUTCDay()];
  return { weekday, month: MONTHS[month - 1], day, year };
};
const near = (epoch, now, zone) =>
  ({ "-1": "yesterday", 0: "today", 1: "tomorrow" })[daysAway(epoch, now, zone)];

const TOKENS = {
  date_num: (epoch, zone) => asInputs(epoch, zone).date,
  date_slash: (epoch, zone) => {
    const { year, month, day } = wallClock(epoch, zone);
    return `${two(month)}/${two(day)}/${year}`;
  },
  date: (epoch, zone) => {
    const { month, day, year } = long(epoch, zone);
    return `${month} ${ordinal(day)}, ${year}`;
  },
  date_short: (epoch, zone) => {
    const { month, day, year } = long(epoch, zone);
    return `${month.slice(0, 3)} ${day}, ${year}`;
  },
  date_long: (epoch, zone) => `${long(epoch, zone).weekday}, ${TOKENS.date(epoch, zone)}`,
  date_long_full: (epoch, zone) => {
    const { month, day, year } = long(epoch, zone);
    return `${month} ${day}, ${year}`;
  },
  date_pretty: (epoch, zone, now) => near(epoch, now, zone) ?? TOKENS.date(epoch, zone),
  date_short_pretty: (epoch, zone, now) => near(epoch, now, zone) ?? TOKENS.date_short(epoch, zone),
  date_long_pretty: (epoch, zone, now) => near(epoch, now, zone) ?? TOKENS.date_long(epoch, zone),
  day_divider_pretty: (epoch, zone, now) => {
    const sameYear = long(epoch, zone).year === long(now, zone).year;
    const { weekday, month, day } = long(epoch, zone);
    return (
      near(epoch, now, zone) ??
      (sameYear ? `${weekday}, ${month} ${ordinal(day)}` : TOKENS.date_long(epoch, zone))
    );
  },
  time: (epoch, zone) => clockTime(epoch, zone),
  time_secs: (epoch, zone) => clockTime(epoch, zone, true),
  ago: (epoch, zone, now) => ago(epoch, now),
};
