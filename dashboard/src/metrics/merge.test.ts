import { describe, expect, it } from "vitest";

import { mergeFrames } from "./merge";

const frame = (times: number[], ...rows: (number | null)[][]) => ({ times, series: rows.map((values, i) => ({ key: `k${i}`, labels: {}, values })) });

describe("mergeFrames", () => {
  it("keeps an axis that all share, and tells equal series apart", () => {
    const times = [1, 2, 3];
    const merged = mergeFrames([frame(times, [1, 2, 3]), frame([1, 2, 3], [4, 5, 6])], 1);
    expect(merged.times).toBe(times);
    expect(merged.series.map(({ key, values }) => [key, values])).toEqual([
      ["0:k0", [1, 2, 3]],
      ["1:k0", [4, 5, 6]],
    ]);
  });

  it("makes one point of two that are a moment apart", () => {
    const merged = mergeFrames([frame([10, 20, 30.01], [1, 2, 3]), frame([10, 20, 30.03], [4, null, 6])], 10);
    expect(merged.times).toEqual([10, 20, 30.01]);
    expect(merged.series.map((series) => series.values)).toEqual([
      [1, 2, 3],
      [4, null, 6],
    ]);
  });

  it("tells a gap from a time that only another query has", () => {
    const merged = mergeFrames([frame([10, 20], [1, null]), frame([], []), frame([20, 30], [4, 5])], 10);
    expect(merged.times).toEqual([10, 20, 30]);
    expect(merged.series.at(-1)?.values).toEqual([undefined, 4, 5]);
    expect(merged.series[0]?.values).toEqual([1, null, undefined]);
  });

  it("is empty without points", () => {
    expect(mergeFrames([frame([]), frame([])], 1)).toEqual({ times: [], series: [] });
  });
});
