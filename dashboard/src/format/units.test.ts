import { describe, expect, it } from "vitest";

import { axisFormatter } from "./axis";
import { format, formatDuration, type Unit } from "./units";

const plain = (text: string) => text.replaceAll("\u2009", " ");

describe("format", () => {
  it.each<[number | null | undefined, Unit, string]>([
    [0, "percent", "0 %"],
    [0.123, "percent", "0.1 %"],
    [9.949, "percent", "9.9 %"],
    [9.96, "percent", "10 %"],
    [99.6, "percent", "100 %"],
    [0, "bytes", "0 B"],
    [1023, "bytes", "1023 B"],
    [1024, "bytes", "1.00 KiB"],
    [1024 ** 3 * 31.25, "bytes", "31.3 GiB"],
    [1024 ** 2 * 1023.9, "bytes", "1.00 GiB"],
    [0, "bytesPerSecond", "0 B/s"],
    [999, "bytesPerSecond", "999 B/s"],
    [999_600, "bytesPerSecond", "1.00 MB/s"],
    [12_345_678, "bytesPerSecond", "12.3 MB/s"],
    [0, "perSecond", "0/s"],
    [1.234, "perSecond", "1.2/s"],
    [999.4, "perSecond", "999/s"],
    [18_400, "perSecond", "18.4 k/s"],
    [740_000, "perSecond", "740 k/s"],
    [1_500_000, "count", "1.50 M"],
    [8, "count", "8"],
    [0.876, "plain", "0.88"],
    [null, "bytes", "–"],
    [undefined, "count", "–"],
    [Number.NaN, "percent", "–"],
    [Number.POSITIVE_INFINITY, "bytes", "–"],
  ])("writes %s as %s: %s", (value, unit, want) => {
    expect(plain(format(value, unit))).toBe(want);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3_725, "1 h 2 min"],
    [86_400 * 12 + 4 * 3600 + 59, "12 d 4 h"],
    [86_400 * 3 + 59, "3 d"],
    [undefined, "–"],
  ])("writes %s s as %s", (seconds, want) => {
    expect(plain(formatDuration(seconds))).toBe(want);
  });
});

describe("axisFormatter", () => {
  it("keeps one unit for an axis of bytes", () => {
    const gib = 1024 ** 3;
    expect(axisFormatter("bytes")([0, 15.6 * gib, 31.2 * gib]).map(plain)).toEqual(["0", "15.6 GiB", "31.2 GiB"]);
  });

  it("writes zero without a unit, but for percent", () => {
    expect(axisFormatter("bytesPerSecond")([0, 2e6]).map(plain)).toEqual(["0", "2 MB/s"]);
    expect(axisFormatter("percent")([0, 50, 100]).map(plain)).toEqual(["0 %", "50 %", "100 %"]);
  });
});
