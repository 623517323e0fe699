import { describe, expect, it } from "vitest";

import { distinct } from "./distinct";
import { autoSelectors, intervalOf } from "./useSampleIntervals";

describe("autoSelectors", () => {
  it.each<[string, string[]]>([
    ["up", []],
    ["rate(a[5m])", []],
    ["sum(rate(a_total[$__rate_interval])) / rate(a_total[ ${__rate_interval}])", ["a_total"]],
    ['rate(a{b="}[",c=~\'{\'}[$__rate_interval]) + rate({"x.y"}[$__rate_interval])', ['a{b="}[",c=~\'{\'}', '{"x.y"}']],
    ["rate(a[$__rate_intervals])", []],
  ])("%s", (query, want) => {
    expect(autoSelectors(query)).toEqual(want);
  });
});

describe("intervalOf", () => {
  it.each([
    [600, 1],
    [598, 1],
    [120, 5],
    [40, 15],
    [39, 15],
    [30, 20],
    [10, 60],
    [9, 60],
    [7, 120],
    [1, 600],
    [0, 15],
    [undefined, 15],
  ])("%s samples in ten minutes are one each %d s", (count, want) => {
    expect(intervalOf(count)).toBe(want);
  });
});

describe("distinct", () => {
  it("asks once for what is the same", () => {
    expect(distinct(["a", "b", "a", "", ""], (text) => text)).toEqual({ unique: ["a", "b", ""], places: [0, 1, 0, 2, 2] });
    expect(distinct([], String)).toEqual({ unique: [], places: [] });
  });
});
