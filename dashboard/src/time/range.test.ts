import { describe, expect, it } from "vitest";

import { describeRange, formatLocal, isLive, parseLocal, parseTime, resolve, stepFor, toExpression } from "./range";

const now = Date.parse("2026-11-24T12:00:00Z");

describe("parseTime", () => {
  it.each([
    ["now", now],
    [" now ", now],
    ["now-15m", now - 15 * 60_000],
    ["now-90s", now - 90_000],
    ["now-7d", now - 7 * 86_400_000],
    ["now-2w", now - 14 * 86_400_000],
    ["2026-11-24T11:00:00Z", now - 3_600_000],
    ["2026-11-24T12:00+01:00", now - 3_600_000],
    ["2026-11-24T11:59:59.500Z", now - 500],
    ["1795521600", 1_795_521_600_000],
    ["1795521600123", 1_795_521_600_123],
  ])("reads %s", (text, want) => {
    expect(parseTime(text, now)).toBe(want);
  });

  it.each(["", "yesterday", "now+1h", "now-", "now-5y", "now - 5m", "2026-11-24", "2026-11-24T11:00:00", "2026-13-24T11:00:00Z", "12", "-5"])("refuses %s", (text) => {
    expect(parseTime(text, now)).toBeUndefined();
  });
});

describe("parseLocal", () => {
  it("reads what formatLocal writes", () => {
    expect(parseLocal(formatLocal(now), now)).toBe(now);
  });

  it.each([
    ["2026-11-24", new Date(2026, 10, 24).getTime()],
    ["2026-11-24 08:05", new Date(2026, 10, 24, 8, 5).getTime()],
    ["2026-11-24T08:05:09", new Date(2026, 10, 24, 8, 5, 9).getTime()],
    ["now-1h", now - 3_600_000],
  ])("reads %s", (text, want) => {
    expect(parseLocal(text, now)).toBe(want);
  });

  it.each([
    ["2026-11-24 08:05", "UTC", "2026-11-24T08:05:00Z"],
    ["2026-11-24 08:05", "Asia/Kolkata", "2026-11-24T02:35:00Z"],
    ["2026-11-24", "America/New_York", "2026-11-24T05:00:00Z"],
    ["2026-07-01 00:00:30", "Europe/Berlin", "2026-06-30T22:00:30Z"],
    // Clocks go forward at 02:00, so 02:30 is never shown; they go back at 03:00, so it is shown twice.
    ["2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"],
    ["2026-03-29 03:30", "Europe/Berlin", "2026-03-29T01:30:00Z"],
    ["2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"],
    ["2026-10-25 03:30", "Europe/Berlin", "2026-10-25T02:30:00Z"],
    ["2026-11-24T08:05:00+02:00", "Asia/Tokyo", "2026-11-24T06:05:00Z"],
  ])("reads %s in %s", (text, zone, want) => {
    expect(new Date(parseLocal(text, now, zone)!).toISOString()).toBe(want.replace("Z", ".000Z"));
  });

  it.each(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])("reads what formatLocal writes in %s", (zone) => {
    for (let moment = Date.UTC(2026, 0, 1, 0, 30); moment < Date.UTC(2027, 0, 1); moment += 13 * 86_400_000) {
      expect(parseLocal(formatLocal(moment, zone), now, zone)).toBe(moment);
    }
  });

  it.each(["2026-02-31", "2026-13-01", "2026-11-24 25:00", "2026-11-24 10:61", "24.11.2026"])("refuses %s", (text) => {
    expect(parseLocal(text, now)).toBeUndefined();
  });
});

describe("resolve", () => {
  it("gives numbers", () => {
    expect(resolve({ from: "now-1h", to: "now" }, now)).toEqual({ from: now - 3_600_000, to: now });
  });

  it.each([
    ["now", "now-1h"],
    ["now", "now"],
    ["nonsense", "now"],
    ["now-1h", "nonsense"],
  ])("refuses %s to %s", (from, to) => {
    expect(resolve({ from, to }, now)).toBeUndefined();
  });
});

describe("isLive", () => {
  it.each([
    ["now-15m", "now", true],
    ["now-2h", "now-1h", false],
    ["2026-11-24T11:00:00Z", "now", false],
  ])("%s to %s is %s", (from, to, want) => {
    expect(isLive({ from, to })).toBe(want);
  });
});

describe("toExpression", () => {
  it("keeps relative times, so that a link moves on", () => {
    expect(toExpression(" now-2h ", now)).toBe("now-2h");
  });

  it("makes dates independent of the browser's zone", () => {
    expect(toExpression(formatLocal(now), now)).toBe("2026-11-24T12:00:00Z");
  });

  it("refuses what can't be read", () => {
    expect(toExpression("soon", now)).toBeUndefined();
  });
});

describe("describeRange", () => {
  it("names presets", () => {
    expect(describeRange({ from: "now-6h", to: "now" })).toBe("Last 6 hours");
  });

  it("writes other relative ranges as they are", () => {
    expect(describeRange({ from: "now-3h", to: "now-1h" })).toBe("now-3h – now-1h");
  });

  it("writes a day once", () => {
    const from = new Date(2026, 10, 24, 10, 0, 0).toISOString();
    const to = new Date(2026, 10, 24, 11, 30, 0).toISOString();
    expect(describeRange({ from, to })).toBe("2026-11-24 10:00:00 – 11:30:00");
  });
});

describe("describeRange in a zone", () => {
  it.each([
    [{ from: "now-90m", to: "now" }, "UTC", "Last 90 minutes"],
    [{ from: "2026-11-24T22:30:00Z", to: "2026-11-24T23:30:00Z" }, "UTC", "2026-11-24 22:30:00 – 23:30:00"],
    [{ from: "2026-11-24T22:30:00Z", to: "2026-11-24T23:30:00Z" }, "Europe/Berlin", "2026-11-24 23:30:00 – 2026-11-25 00:30:00"],
  ])("%o in %s", (range, zone, want) => {
    expect(describeRange(range, zone)).toBe(want);
  });
});

describe("stepFor", () => {
  it.each([
    [5 * 60_000, 600, 1],
    [15 * 60_000, 640, 2],
    [3_600_000, 640, 10],
    [86_400_000, 640, 300],
    [7 * 86_400_000, 640, 1800],
  ])("a span of %d ms over %d px has a step of %d s", (span, pixels, want) => {
    expect(stepFor(span, pixels)).toBe(want);
  });

  it("never goes below a second, nor above the number of points", () => {
    expect(stepFor(1000, 1000)).toBe(1);
    const span = 400 * 86_400_000;
    expect(span / 1000 / stepFor(span, 300)).toBeLessThanOrEqual(300);
  });
});
