import { EqlRegex, EqlSingle } from "@prometheus-io/lezer-promql";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { Echo } from "./codemirror";
import { selectorOf } from "./completion-client";
import { readError } from "./errors";
import { forgetHistory, readHistory, Recall, remember } from "./history";
import { hasVariables, maskVariables } from "./variables";

beforeEach(() => localStorage.clear());

describe("history", () => {
  it("keeps each query once, newest first, by kind", () => {
    for (const query of ["up", " rate(a[1m]) ", "up", ""]) remember("promql", query);
    remember("logs", "level:error");
    expect(readHistory("promql")).toEqual(["up", "rate(a[1m])"]);
    expect(readHistory("logs")).toEqual(["level:error"]);
    forgetHistory("promql");
    expect(readHistory("promql")).toEqual([]);
  });

  it("keeps fifty", () => {
    for (let i = 0; i < 60; i++) remember("promql", `q${i}`);
    expect(readHistory("promql")).toHaveLength(50);
    expect(readHistory("promql")[0]).toBe("q59");
  });

  it("survives what others wrote there, and a browser that keeps nothing", () => {
    localStorage.setItem("pharos.history.promql", "{");
    expect(readHistory("promql")).toEqual([]);
    localStorage.setItem("pharos.history.promql", '["a", 5, null]');
    expect(readHistory("promql")).toEqual(["a"]);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    expect(() => remember("promql", "up")).not.toThrow();
  });

  it("walks back and forth, and returns to what was being typed", () => {
    for (const query of ["a", "b", "c"]) remember("promql", query);
    const recall = new Recall("promql");
    expect(recall.step(1, "draft")).toBe("c");
    expect(recall.step(1, "c")).toBe("b");
    expect(recall.step(1, "b")).toBe("a");
    expect(recall.step(1, "a")).toBeUndefined();
    expect(recall.step(-1, "a")).toBe("b");
    expect(recall.step(-1, "b")).toBe("c");
    expect(recall.step(-1, "c")).toBe("draft");
    expect(recall.step(-1, "draft")).toBeUndefined();
  });

  it("passes over the entry that stands there already", () => {
    for (const query of ["a", "b"]) remember("promql", query);
    expect(new Recall("promql").step(1, "b")).toBe("a");
  });
});

describe("readError", () => {
  it.each([
    ['invalid parameter "query": 1:20: parse error: unclosed left parenthesis', "sum by (service)(up ", { message: "unclosed left parenthesis", from: 19, to: 20 }],
    ["2:1: parse error: unexpected identifier", "sum(up)\nfoo_bar 1", { message: "unexpected identifier", from: 8, to: 15 }],
    ["1:99: parse error: unexpected end of input", "up +", { message: "unexpected end of input", from: 4, to: 4 }],
    ["query timed out", "up", { message: "query timed out" }],
    ["3:1: parse error: nowhere", "up", { message: "3:1: parse error: nowhere" }],
  ])("%s", (message, query, want) => {
    expect(readError(message, query)).toEqual(want);
  });
});

describe("variables", () => {
  it("are masked by what fits, at the same length", () => {
    for (const [query, want] of [
      ["rate(a[$__rate_interval])", "rate(a[1m              ])"],
      ["a{host=~\"$host\"}", 'a{host=~"vvvvv"}'],
      ["topk($n, a)", "topk(1 , a)"],
      ["sum by (${by:csv}) (a)", "sum by (vvvvvvvvv) (a)"],
      ["a offset $o", "a offset 1m"],
      ["up", "up"],
    ] as const) {
      expect(maskVariables(query)).toBe(want);
      expect(maskVariables(query)).toHaveLength(query.length);
    }
    expect(hasVariables("a[$__interval]")).toBe(true);
    expect(hasVariables('a{b=~"x$"}')).toBe(false);
  });
});

describe("selectorOf", () => {
  const matcher = (type: number, name: string, value: string) => ({ type, name, value, matchesEmpty: () => false });

  it("writes what is known of the series, without the label being completed", () => {
    expect(selectorOf("up")).toBe('{__name__="up"}');
    expect(selectorOf("up", [matcher(EqlSingle, "job", "a\\\"b"), matcher(EqlRegex, "host.name", "x|y"), matcher(EqlSingle, "le", "")], "le")).toBe(
      '{__name__="up",job="a\\"b","host.name"=~"x|y"}',
    );
    expect(selectorOf(undefined, [matcher(EqlSingle, "job", "a")], "job")).toBeUndefined();
  });
});

describe("Echo", () => {
  it("does not take a late answer of the page for another text", () => {
    const echo = new Echo();
    echo.said("a");
    echo.said("ab");
    echo.said("abc");
    expect(echo.isOwn("ab", "abc")).toBe(true);
    expect(echo.isOwn("abc", "abc")).toBe(true);
    // Now the page wants an older text again, for instance when one goes back.
    expect(echo.isOwn("ab", "abc")).toBe(false);
  });

  it("lets the page change the text while answers are on their way", () => {
    const echo = new Echo();
    echo.said("a");
    expect(echo.isOwn("other", "a")).toBe(false);
    expect(echo.isOwn("a", "other")).toBe(false);
  });
});
