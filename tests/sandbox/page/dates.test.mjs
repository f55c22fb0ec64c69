import assert from "node:assert/strict";
import { test } from "node:test";
import { asInputs, formatDate, instant } from "../../../sandbox/slack/page/dates.js";

const NEW_YORK = "America/New_York";
const utc = (...parts) => Date.UTC(...parts) / 1000;

const instants = [
  ["winter time", "2026-01-15", "09:00", NEW_YORK, utc(2026, 0, 15, 14)],
  ["summer time", "2026-07-15", "09:00", "Europe/Berlin", utc(2026, 6, 15, 7)],
  ["a skipped time moves on by the gap", "2026-03-08", "02:30", NEW_YORK, utc(2026, 2, 8, 7, 30)],
  ["a repeated time is its first", "2026-11-01", "01:30", NEW_YORK, utc(2026, 10, 1, 5, 30)],
  ["just after the change", "2026-03-08", "03:00", NEW_YORK, utc(2026, 2, 8, 7)],
  ["half-hour zones", "2026-05-01", "00:15", "Asia/Kolkata", utc(2026, 3, 30, 18, 45)],
];

for (const [promise, date, time, zone, expected] of instants) {
  test(`instant: ${promise}`, () => assert.equal(instant(date, time, zone), expected));
}

test("an instant shows as the wall clock of the zone", () => {
  assert.deepEqual(asInputs(utc(2026, 0, 1, 4, 5), NEW_YORK), {
    date: "2025-12-31",
    time: "23:05",
  });
});

const formats = [
  ["{date}", "January 3rd, 2026"],
  ["{date_short}", "Jan 3, 2026"],
  ["{date_long}", "Saturday, January 3rd, 2026"],
  ["{date_long_full}", "January 3, 2026"],
  ["{date_slash}", "01/03/2026"],
  ["{day_divider_pretty}", "Saturday, January 3rd"],
  ["{time_secs}", "12:00:07 AM"],
  ["at {time}", "at 12:00 AM"],
  ["{ago}", "In 2 days"],
  ["{unknown}", "{unknown}"],
];

for (const [format, expected] of formats) {
  test(`format ${format}`, () => {
    const at = { zone: NEW_YORK, now: utc(2026, 0, 1, 5) };

    assert.equal(formatDate(format, utc(2026, 0, 3, 5, 0, 7), at), expected);
  });
}

test("tomorrow is counted in the reader's zone, in small letters inside a sentence", () => {
  const now = utc(2026, 0, 1, 4);

  assert.equal(
    formatDate("on {date_pretty}", utc(2026, 0, 1, 6), { zone: NEW_YORK, now }),
    "on tomorrow",
  );
});
