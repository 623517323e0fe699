import { describe, expect, it } from "vitest";

import { logAxis, niceStep, partsFor, valueAxis } from "./scale";

const wanted = { base: 1000, parts: 2 } as const;
const mib = 1024 ** 2;

describe("valueAxis", () => {
  it("begins at zero and has round marks", () => {
    expect(valueAxis(0, 3.2e6, wanted)).toEqual({ min: 0, max: 4e6, ticks: [0, 2e6, 4e6] });
    expect(valueAxis(12, 83, { base: 1000, parts: 4 })).toEqual({ min: 0, max: 100, ticks: [0, 20, 40, 60, 80, 100] });
  });

  it("counts bytes by 1024", () => {
    expect(valueAxis(0, 900 * mib, { base: 1024, parts: 4 })).toEqual({ min: 0, max: 1024 * mib, ticks: [0, 256, 512, 768, 1024].map((n) => n * mib) });
  });

  it("keeps ends that were chosen, parted evenly", () => {
    expect(valueAxis(3, 50, { ...wanted, max: 100 })).toEqual({ min: 0, max: 100, ticks: [0, 50, 100] });
    expect(valueAxis(3, 50, { base: 1000, parts: 4, min: 20, max: 60 }).ticks).toEqual([20, 30, 40, 50, 60]);
    // Without a max the marks stay round.
    expect(valueAxis(3, 50, { base: 1000, parts: 4, min: 5 })).toEqual({ min: 5, max: 60, ticks: [10, 20, 30, 40, 50, 60] });
  });

  it("goes below zero", () => {
    expect(valueAxis(-196, 175, { base: 1000, parts: 4 })).toEqual({ min: -300, max: 200, ticks: [-300, -200, -100, 0, 100, 200] });
    expect(valueAxis(-50, -10, wanted)).toEqual({ min: -75, max: 0, ticks: [-75, -50, -25, 0] });
  });

  it("leaves zero when the data are far from it, unless it must hold it", () => {
    const axis = valueAxis(1000, 1010, { base: 1000, parts: 4 });
    expect([axis.min, axis.max]).toEqual([997.5, 1012.5]);
    expect(valueAxis(1000, 1010, { base: 1000, parts: 4, zero: true }).min).toBe(0);
    expect(valueAxis(1000, 2000, { base: 1000, parts: 4 }).min).toBe(0);
    expect(valueAxis(400, 900, { base: 1000, parts: 4, zero: false }).min).toBeGreaterThan(0);
    // One value says nothing about its spread.
    expect(valueAxis(7, 7, wanted).min).toBe(0);
  });

  it("takes for the same what only rounding tells apart", () => {
    expect(valueAxis(24.999999999999996, 25, wanted)).toEqual(valueAxis(25, 25, wanted));
    expect(valueAxis(24.999999999999996, 25, { ...wanted, zero: false }).ticks.length).toBeLessThan(8);
    expect(valueAxis(-25, -24.999999999999996, wanted).ticks.length).toBeLessThan(8);
  });

  it("has no marks without data", () => {
    expect(valueAxis(null, null, wanted)).toEqual({ min: 0, max: 1, ticks: [] });
    expect(valueAxis(null, null, { ...wanted, max: 100 }).ticks).toEqual([0, 50, 100]);
    expect(valueAxis(0, 0, wanted)).toEqual({ min: 0, max: 1.5, ticks: [0, 0.5, 1, 1.5] });
  });

  it("ends for every number", () => {
    for (const value of [5e-324, 1e-310, 1e-12, 1e18, 1e300]) {
      const { min, max, ticks } = valueAxis(0, value, { base: 1000, parts: 4 });
      expect(max).toBeGreaterThan(min);
      expect(ticks.length).toBeLessThan(10);
    }
  });

  it("counts time by minutes and hours", () => {
    expect(valueAxis(0, 280, { base: 1000, parts: 4, seconds: 1 }).ticks).toEqual([0, 60, 120, 180, 240, 300]);
    expect(valueAxis(0, 7_000_000, { base: 1000, parts: 2, seconds: 1e-3 }).ticks).toEqual([0, 3_600_000, 7_200_000, 10_800_000]);
  });

  it("holds the data, with no more marks than there is room for", () => {
    for (const base of [1000, 1024] as const) {
      for (let value = 0.001; value < 1e13; value *= 1.37) {
        const { min, max, ticks } = valueAxis(0, value, { base, parts: 4 });
        expect(min).toBe(0);
        expect(max).toBeGreaterThanOrEqual(value);
        expect(max).toBeLessThan(value * 2.2);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(8);
      }
    }
  });
});

describe("niceStep", () => {
  it.each([
    [3.2, { base: 1000 }, 5],
    [2.6, { base: 1000 }, 2.5],
    [0.07, { base: 1000 }, 0.1],
    [300, { base: 1024 }, 256],
    [700 * 1024, { base: 1024 }, 1024 * 1024],
    [0.3, { base: 1024 }, 0.25],
    [100, { base: 1000, seconds: 1 }, 120],
    [0.02, { base: 1000, seconds: 1 }, 0.02],
    [200_000, { base: 1000, seconds: 1 }, 172_800],
  ] as const)("%d by %o is %d", (rough, unit, want) => {
    expect(niceStep(rough, unit)).toBeCloseTo(want, 9);
  });
});

describe("logAxis", () => {
  it("goes from power to power", () => {
    expect(logAxis(3, 4000, { base: 1000, parts: 8 })).toEqual({ min: 1, max: 10_000, ticks: [1, 10, 100, 1000, 10_000] });
    expect(logAxis(0.02, 0.5, { base: 1000, parts: 8 })).toEqual({ min: 0.01, max: 1, ticks: [0.01, 0.1, 1] });
  });

  it("leaves marks out where there is no room", () => {
    expect(logAxis(1, 1e8, { base: 1000, parts: 4 }).ticks).toEqual([1, 100, 10_000, 1e6, 1e8]);
  });

  it("counts bytes by two, and time by minutes and hours above 10 s", () => {
    expect(logAxis(600, 5000, { base: 1024, parts: 8 }).ticks).toEqual([512, 1024, 2048, 4096, 8192]);
    expect(logAxis(3, 100_000, { base: 1000, parts: 12, seconds: 1 }).ticks).toEqual([1, 10, 60, 600, 3600, 36_000, 86_400, 864_000]);
    expect(logAxis(2, 50_000, { base: 1000, parts: 12, seconds: 1e-3 }).ticks).toEqual([1, 10, 100, 1000, 10_000, 60_000]);
  });

  it("has an axis also for one value and for none", () => {
    expect(logAxis(10, 10, { base: 1000, parts: 4 })).toEqual({ min: 10, max: 100, ticks: [10, 100] });
    expect(logAxis(null, null, { base: 1000, parts: 4 })).toEqual({ min: 1, max: 10, ticks: [1, 10] });
  });
});

describe("partsFor", () => {
  it.each([
    [96, 2],
    [132, 2],
    [220, 4],
    [300, 5],
    [900, 8],
  ])("a chart of %d px has %d parts", (height, want) => {
    expect(partsFor(height)).toBe(want);
  });
});
