import { describe, expect, it } from "vitest";

import { isNegative, isolated, layOut, stack, total, type ChartSeries, type Row } from "./data";
import { sparkPath } from "./Sparkline";

const series = (...values: Row): ChartSeries => ({ key: "k", label: "l", colour: "#000000", values });
const flat = { stacked: false, log: false };
const stacked = { stacked: true, log: false };

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

  it("is as long as the time axis, also for rows that are shorter", () => {
    expect(stack([series(1)], 3)).toEqual([[1, null, null]]);
  });
});

describe("layOut", () => {
  it("takes rows as they are, without a copy", () => {
    const one = series(1, 2);
    const { data, order, below } = layOut([1, 2], [one], flat);
    expect(data[1]).toBe(one.values);
    expect([order, below]).toEqual([[0], [-1]]);
  });

  it("draws a stack from its top, each down to the next, the last to zero", () => {
    const { data, order, below } = layOut([1, 2], [series(1, 1), series(2, 2), series(4, 4)], stacked);
    expect(data).toEqual([
      [1, 2],
      [7, 7],
      [3, 3],
      [1, 1],
    ]);
    expect(order).toEqual([2, 1, 0]);
    expect(below).toEqual([1, 2, -1]);
  });

  it("stacks what is negative down from zero, apart", () => {
    const { data, order, below, negative } = layOut([1], [series(3), series(-2), series(4), series(-5)], stacked);
    expect(data.slice(1)).toEqual([[7], [3], [-7], [-2]]);
    expect(order).toEqual([2, 0, 3, 1]);
    expect(below).toEqual([1, -1, 3, -1]);
    expect(negative).toEqual([false, false, true, true]);
  });

  it("leaves out what has no logarithm", () => {
    const { data } = layOut([1, 2, 3, 4], [series(0, 10, -1, null)], { stacked: false, log: true });
    expect(data[1]).toEqual([null, 10, null, null]);
  });

  it("knows a series by its sum", () => {
    expect(isNegative([-3, null, 1])).toBe(true);
    expect(isNegative([0, undefined, null])).toBe(false);
  });
});

describe("isolated", () => {
  it.each<[Row, number[]]>([
    [[1, 2, 3], []],
    [[null, 5, null], [1]],
    [[5], [0]],
    [[5, null, 6], [0, 2]],
    [[5, null, 6, 7], [0]],
    [[1, 2, null, 3], [3]],
    [[null, null], []],
    [[], []],
    // Only another series has these times: no gap.
    [[1, undefined, 2], []],
    [[null, undefined, 5, undefined, null], [2]],
  ])("of %j are %j", (values, want) => {
    expect(isolated(values)).toEqual(want);
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

describe("sparkPath", () => {
  it("draws from the bottom to the top, with holes", () => {
    expect(sparkPath({ times: [10, 15, 17, 20], values: [0, 100, null, 50], from: 10, to: 20, max: 100 })).toBe("M0.0 21.0L50.0 1.0M100.0 11.0");
  });

  it("stays inside", () => {
    expect(sparkPath({ times: [9, 10, 20], values: [50, -5, 500], from: 10, to: 20, max: 100, height: 12 })).toBe("M0.0 11.0L100.0 1.0");
  });
});
