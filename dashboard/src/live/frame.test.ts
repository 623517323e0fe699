import { describe, expect, it } from "vitest";

import { append, emptyFrame, fromMatrix, keyOf, lastTimeOf, pick, valueAt, type Frame } from "./frame";

const idle = { cpu: "0", mode: "idle" };
const user = { mode: "user", cpu: "0" };

describe("keyOf", () => {
  it("doesn't depend on the order of labels", () => {
    expect(keyOf({ a: "1", b: "2" })).toBe(keyOf({ b: "2", a: "1" }));
    expect(keyOf(idle)).not.toBe(keyOf(user));
  });
});

describe("fromMatrix", () => {
  it("lays the points on the whole grid, with holes where there are none", () => {
    const frame = fromMatrix(
      [
        { metric: idle, values: [[10, "1"], [12, "2"], [16, "NaN"]] },
        { metric: user, values: [[14, "5"]] },
      ],
      10,
      16,
      2,
    );
    expect(frame.times).toEqual([10, 12, 14, 16]);
    expect(frame.series.map((s) => s.values)).toEqual([
      [1, 2, null, null],
      [null, null, 5, null],
    ]);
  });

  it("doesn't lose its last point to rounding", () => {
    expect(fromMatrix([], 0, 0.3, 0.1).times).toHaveLength(4);
  });

  it("leaves out points beside the grid", () => {
    expect(fromMatrix([{ metric: idle, values: [[9, "1"], [13, "1"]] }], 10, 12, 1).series[0]?.values).toEqual([null, null, null]);
  });
});

describe("append", () => {
  const base = fromMatrix([{ metric: idle, values: [[10, "1"], [11, "2"]] }], 10, 11, 1);

  it("adds a point to every series", () => {
    const frame = append(base, 12, [{ labels: idle, value: 3 }], 0);
    expect(frame.times).toEqual([10, 11, 12]);
    expect(frame.series[0]?.values).toEqual([1, 2, 3]);
  });

  it("leaves the frame it was given alone", () => {
    append(base, 12, [{ labels: idle, value: 3 }], 0);
    expect(base.times).toEqual([10, 11]);
  });

  it("begins a new series with a gap, and goes on without one that ended", () => {
    const frame = append(base, 12, [{ labels: user, value: "7" }], 0);
    expect(pick(frame, "mode", "user")?.values).toEqual([null, null, 7]);
    expect(pick(frame, "mode", "idle")?.values).toEqual([1, 2, null]);
  });

  it("makes a gap of what is no number", () => {
    expect(append(base, 12, [{ labels: idle, value: "NaN" }], 0).series[0]?.values.at(-1)).toBeNull();
    expect(append(base, 12, [{ labels: idle, value: "+Inf" }], 0).series[0]?.values.at(-1)).toBeNull();
  });

  it("ignores what history has already", () => {
    expect(append(base, 11, [{ labels: idle, value: 9 }], 0)).toBe(base);
    expect(append(base, 10.5, [{ labels: idle, value: 9 }], 0)).toBe(base);
  });

  it("lets old points go, and series that are left without any", () => {
    let frame = append(base, 12, [{ labels: user, value: 3 }], 0);
    frame = append(frame, 13, [{ labels: user, value: 4 }], 12);
    expect(frame.times).toEqual([12, 13]);
    expect(frame.series.map((s) => [s.labels, s.values])).toEqual([[user, [3, 4]]]);
  });

  it("begins with nothing", () => {
    expect(append(emptyFrame, 5, [{ labels: idle, value: 1 }], 0)).toEqual({ times: [5], series: [{ key: keyOf(idle), labels: idle, values: [1] }] });
  });

  it("stays within its window over a day of seconds", () => {
    let frame: Frame = emptyFrame;
    for (let t = 1; t <= 5000; t++) frame = append(frame, t, [{ labels: idle, value: t }], t - 900);
    expect(frame.times).toHaveLength(901);
    expect(frame.series[0]?.values).toHaveLength(901);
  });
});

describe("valueAt", () => {
  it("is the value at the cursor, gap or not", () => {
    expect(valueAt([1, null, 3], 0)).toBe(1);
    expect(valueAt([1, null, 3], 1)).toBeNull();
  });

  it("is the newest value otherwise, unless that is long ago", () => {
    expect(valueAt([1, 2, null, null], null)).toBe(2);
    expect(valueAt([1, null, null, null, null, null], null)).toBeNull();
    expect(valueAt([], null)).toBeNull();
  });
});

describe("lastTimeOf", () => {
  it("is the newest time with a value", () => {
    expect(lastTimeOf(fromMatrix([{ metric: idle, values: [[11, "2"]] }], 10, 14, 1))).toBe(11);
    expect(lastTimeOf(emptyFrame)).toBeUndefined();
  });
});
