import { describe, expect, it } from "vitest";

import { niceMax, stack, ticks, toAligned, total, type ChartSeries } from "./data";
import { sparkPath } from "./Sparkline";

const series = (...values: (number | null)[]): ChartSeries => ({ key: "k", label: "l", colour: "#000000", values });

describe("stack", () => {
  it("adds each series onto the ones before it", () => {
    expect(stack([series(1, 2), series(10, 20)], 2)).toEqual([
      [1, 2],
      [11, 22],
    ]);
  });

  it("keeps a gap only where nothing is below", () => {
    expect(stack([series(1, null, null), series(null, 5, null)], 3)).toEqual([
      [1, null, null],
      [1, 5, null],
    ]);
  });
});

describe("toAligned", () => {
  it("draws a stack from its top", () => {
    const frame = { times: [1, 2], series: [] };
    expect(toAligned(frame, [series(1, 1), series(2, 2)], true)).toEqual([
      [1, 2],
      [3, 3],
      [1, 1],
    ]);
    expect(toAligned(frame, [series(1, 1), series(2, 2)], false)).toEqual([
      [1, 2],
      [1, 1],
      [2, 2],
    ]);
  });
});

describe("total", () => {
  it("adds what there is", () => {
    expect(total([series(1, 2), series(3, null)], 1)).toBe(2);
    expect(total([series(1, 2), series(3, 4)], null)).toBe(6);
    expect(total([series(null)], 0)).toBeNull();
    expect(total([], null)).toBeNull();
  });
});

describe("niceMax", () => {
  it.each([
    [0, 1000, 1],
    [0.4, 1000, 0.5],
    [3.2e6, 1000, 4e6],
    [27_000, 1000, 30_000],
    [950, 1000, 1500],
    [900 * 1024 ** 2, 1024, 1000 * 1024 ** 2],
  ] as const)("an axis for %d by %d ends at %d", (value, base, want) => {
    expect(niceMax(value, base)).toBeCloseTo(want, 6);
  });

  it("always holds the value", () => {
    for (let value = 0.001; value < 1e12; value *= 1.37) {
      expect(niceMax(value, 1000)).toBeGreaterThanOrEqual(value);
      expect(niceMax(value, 1024)).toBeGreaterThanOrEqual(value);
      expect(niceMax(value, 1000)).toBeLessThan(value * 2.2);
    }
  });

  it("has its middle as a mark", () => {
    expect(ticks(4)).toEqual([0, 2, 4]);
  });
});

describe("sparkPath", () => {
  it("draws from the bottom to the top, with holes", () => {
    expect(sparkPath({ times: [10, 15, 17, 20], values: [0, 100, null, 50], from: 10, to: 20, max: 100 })).toBe("M0.0 21.0L50.0 1.0M100.0 11.0");
  });

  it("stays inside", () => {
    expect(sparkPath({ times: [9, 10, 20], values: [50, -5, 500], from: 10, to: 20, max: 100, height: 12 })).toBe("M0.0 11.0L100.0 1.0");
  });
});
