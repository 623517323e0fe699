import { describe, expect, it } from "vitest";

import { namesOf } from "../ui/Keys";
import type { Shortcut } from "../ui/shortcuts";
import { addDays, addMonths, weeksOf } from "./Calendar";
import { grouped } from "./HelpSheet";
import { keepTime } from "./pages";
import { findZones } from "./ZonePicker";

describe("the calendar", () => {
  it.each([
    ["2026-12-31", 1, "2027-01-01"],
    ["2026-03-01", -1, "2026-02-28"],
    ["2028-02-28", 1, "2028-02-29"],
  ])("%s and %d days is %s", (day, count, want) => {
    expect(addDays(day, count)).toBe(want);
  });

  it.each([
    ["2026-01-31", 1, "2026-02-28"],
    ["2026-01-15", -1, "2025-12-15"],
    ["2026-10-31", 13, "2027-11-30"],
  ])("%s and %d months is %s", (day, count, want) => {
    expect(addMonths(day, count)).toBe(want);
  });

  it("shows whole weeks from a Monday on", () => {
    const weeks = weeksOf("2026-11-24");
    expect(weeks[0]).toEqual(["2026-10-26", "2026-10-27", "2026-10-28", "2026-10-29", "2026-10-30", "2026-10-31", "2026-11-01"]);
    expect(weeks).toHaveLength(6);
    expect(weeks[4]).toContain("2026-11-24");
    expect(weeksOf("2026-06-10")[0]![0]).toBe("2026-06-01");
  });
});

describe("finding a zone", () => {
  const zones = ["UTC", "America/New_York", "Asia/Calcutta", "Asia/Srednekolymsk", "Europe/Berlin", "Europe/Busingen"];

  it("begins with this browser's and UTC", () => {
    expect(findZones(zones, "", "Europe/Berlin").slice(0, 2)).toEqual(["Europe/Berlin", "UTC"]);
  });

  it.each([
    ["new york", ["America/New_York"]],
    ["b", ["Europe/Berlin", "Europe/Busingen"]],
    ["europe ber", ["Europe/Berlin"]],
    ["kol", ["Asia/Calcutta", "Asia/Srednekolymsk"]],
    ["mars", []],
  ])("%s", (words, want) => {
    expect(findZones(zones, words, "UTC")).toEqual(want);
  });
});

describe("the help sheet", () => {
  const shortcut = (keys: string, label: string, group: string): Shortcut => ({ keys, label, group, handler: () => undefined });

  it("puts the page's keys first, and leaves out what is overridden", () => {
    const list = [shortcut("r", "Refresh", "Time"), shortcut("g o", "Overview", "Go to"), shortcut("j", "Next line", "This page"), shortcut("r", "Reload the list", "This page"), shortcut("x", "Cut", "Panel")];
    expect(grouped(list).map(({ group, shortcuts }) => [group, shortcuts.map(({ label }) => label)])).toEqual([
      ["This page", ["Next line", "Reload the list"]],
      ["Panel", ["Cut"]],
      ["Go to", ["Overview"]],
    ]);
  });

  it.each([
    ["mod+k", ["Ctrl", "K"]],
    ["g o", ["G", "O"]],
    ["shift+ArrowLeft", ["Shift", "←"]],
    ["+", ["+"]],
    ["Space", ["Space"]],
  ])("writes %s", (keys, want) => {
    expect(namesOf(keys)).toEqual(want);
  });
});

it("takes the time along to another page, and nothing else", () => {
  expect(keepTime({ from: "now-1h", to: "now", refresh: "10s", query: "error", tz: "UTC" })).toEqual({ from: "now-1h", to: "now", refresh: "10s", tz: "UTC" });
});
