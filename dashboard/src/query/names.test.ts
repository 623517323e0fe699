import { describe, expect, it } from "vitest";

import { formatName, selectorOf, seriesNames } from "./names";

describe("seriesNames", () => {
  it.each([
    [[], undefined, []],
    [[{ __name__: "up", job: "a" }], undefined, ["up"]],
    [[{ job: "a" }], undefined, ["a"]],
    [[{}], undefined, ["the query"]],
    [[{ __name__: "up", job: "a", env: "x" }, { __name__: "up", job: "b", env: "x" }], undefined, ["a", "b"]],
    [[{ __name__: "a", job: "x" }, { __name__: "b", job: "x" }], undefined, ["a", "b"]],
    [[{ a: "1", b: "1", c: "1" }, { a: "2", b: "2", c: "2" }], undefined, ["a=1 b=1 c=1", "a=2 b=2 c=2"]],
    [[{ a: "1" }, { a: "2", b: "x" }], undefined, ["1", "2 · x"]],
    [[{ a: "1", b: "2" }], "{{a}} of {{ b }} {{c}}", ["1 of 2"]],
    [[{ a: "1" }], "{{missing}}", ["the query"]],
  ])("%j with %j are %j", (labels, format, want) => {
    expect(seriesNames(labels as Record<string, string>[], format, "the query")).toEqual(want);
  });
});

describe("names", () => {
  it("take labels with dots", () => {
    expect(formatName("{{host.name}}", { "host.name": "web-1" })).toBe("web-1");
  });

  it("are written as selectors", () => {
    expect(selectorOf({ __name__: "up" })).toBe("up");
    expect(selectorOf({ __name__: "up", job: 'a"b\\', env: "x" })).toBe('up{env="x", job="a\\"b\\\\"}');
    expect(selectorOf({ a: "1" })).toBe('{a="1"}');
  });
});
