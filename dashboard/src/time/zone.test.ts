import { expect, test } from "vitest";

import { formatTime, isZone } from "./zone";

const moment = Date.UTC(2026, 10, 24, 23, 5, 30, 250);

test.each([
  ["UTC", "clock", "23:05:30"],
  ["UTC", "millis", "23:05:30.250"],
  ["Europe/Berlin", "full", "2026-11-25 00:05:30"],
  ["America/New_York", "fullMillis", "2026-11-24 18:05:30.250"],
  ["Asia/Tokyo", "day", "25 Nov"],
] as const)("writes a moment in %s as %s", (zone, style, text) => {
  expect(formatTime(moment, zone, style)).toBe(text);
});

test("knows zones", () => {
  expect(isZone("Europe/Berlin")).toBe(true);
  expect(isZone("Middle/Earth")).toBe(false);
});
