import { describe, expect, it } from "vitest";

import { parseSort, sortRows, writeSort } from "./sorting";

describe("sortRows", () => {
  const rows = [{ n: 10 }, { n: undefined }, { n: 2 }, { n: Number.NaN }, { n: 33 }];
  const numbers = (descending: boolean) => sortRows(rows, (row) => row.n, descending).map((row) => row.n);

  it("sorts numbers, and leaves what is missing at the end either way", () => {
    expect(numbers(false)).toEqual([2, 10, 33, undefined, Number.NaN]);
    expect(numbers(true)).toEqual([33, 10, 2, undefined, Number.NaN]);
  });

  it("sorts text as people count", () => {
    expect(sortRows(["web-10", "Web-2", "db", ""], (name) => name, false)).toEqual(["db", "Web-2", "web-10", ""]);
  });

  it("keeps the order of equals", () => {
    expect(sortRows(["b1", "a1", "b2"], (name) => name.slice(1), false)).toEqual(["b1", "a1", "b2"]);
  });
});

describe("the sort in the address", () => {
  it.each([
    ["cpu", { column: "cpu", descending: false }],
    ["-last_seen", { column: "last_seen", descending: true }],
  ])("%s", (text, sort) => {
    expect(parseSort(text)).toEqual(sort);
    expect(writeSort(sort)).toBe(text);
  });

  it("may be missing", () => {
    expect(parseSort(undefined)).toBeUndefined();
    expect(parseSort("-")).toBeUndefined();
  });
});
