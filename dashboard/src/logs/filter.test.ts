import { expect, test } from "vitest";

import { parseFilter, splitWords, type Condition, type Node } from "./filter";

function root(text: string): Node | undefined {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${parsed.fault.message} at ${parsed.fault.at}`);
  return parsed.root;
}

function condition(text: string): Condition {
  const node = root(text);
  if (node?.type !== "condition") throw new Error(`${text} is no condition`);
  return node;
}

test.each([
  ["refused", "message", "words", ["refused"]],
  ['"connection refused"', "message", "words", ["connection", "refused"]],
  ["level:error", "level", "words", ["error"]],
  ['service:="my shop"', "service", "exact", ["my shop"]],
  ['service:=""', "service", "empty", []],
  ['service:""', "service", "empty", []],
  ["path:/health", "path", "words", ["health"]],
  ['level:in(warn, error, "a b")', "level", "in", ["warn", "error", "a b"]],
  ['url:~"^/api/.*x"', "url", "regexp", ["^/api/.*x"]],
  ["latency:>500", "latency", "compare", ["500"]],
  ["latency:<=-1.5", "latency", "compare", ["-1.5"]],
  ["latency:range(1, 10]", "latency", "range", ["1", "10"]],
  ["latency:range[1, 10)", "latency", "range", ["1", "10"]],
  ["host:*", "host", "exists", []],
  ["*", "message", "all", []],
  ["time:>=2026-01-02T03:04:05Z", "time", "compare", ["2026-01-02T03:04:05Z"]],
  ["id:=abc-1", "id", "exact", ["abc-1"]],
  ['"http.route":=x', "http.route", "exact", ["x"]],
  ["`a\\b`", "message", "words", ["a", "b"]],
  ["'it\\'s'", "message", "words", ["it", "s"]],
] as const)("%s is read", (text, field, kind, values) => {
  expect(condition(text)).toMatchObject({ field, kind, values, negated: false, start: 0, end: text.length });
});

test.each(["-level:debug", "!level:debug", "NOT level:debug", "level:!debug", "- -not level:debug"])("%s is negated", (text) => {
  expect(condition(text)).toMatchObject({ field: "level", values: ["debug"], negated: true });
});

test("prefixes and case are read", () => {
  expect(condition("refus*")).toMatchObject({ prefix: true, values: ["refus"] });
  expect(condition('i("Connection Ref"*)')).toMatchObject({ fold: true, prefix: true, values: ["connection", "ref"] });
});

test("OR binds looser than AND, and NOT closest", () => {
  const node = root("a b OR -c and (d or e)");
  expect(node).toMatchObject({
    type: "or",
    nodes: [
      { type: "and", nodes: [{ values: ["a"] }, { values: ["b"] }] },
      { type: "and", nodes: [{ values: ["c"], negated: true }, { type: "or", start: 14, end: 22 }] },
    ],
  });
});

test("a field applies to a group", () => {
  expect(root("level:(warn OR error)")).toMatchObject({ type: "or", start: 0, end: 21, nodes: [{ field: "level" }, { field: "level" }] });
});

test("nothing matches everything", () => {
  expect(parseFilter("  ")).toEqual({ ok: true, root: undefined });
});

test.each([
  ["a (b", 2, "parenthesis that is not closed"],
  ['a "b', 2, "quote that is not closed"],
  ["level:", 6, "ends too early"],
  ["a | limit 5", 2, "pipe"],
  ["latency:>fast", 9, "not a number"],
  ["level:-debug", 6, "- after the colon"],
  ["a*b", 1, "* inside a text"],
  ["*b", 0, "* before a text"],
  ["a OR", 4, "a condition is missing"],
  ["time:yesterday", 5, "condition on time"],
  ["x:range(1", 9, "without two ends"],
  ["x:in(a", 6, "not closed"],
  [":x", 0, "without a field"],
  ["level:(a b:c)", 9, 'has the field "b"'],
  ["id:abc*", 3, "condition on id"],
  ["!!!", 3, "a condition is missing"],
  ["x:~a.*b", 5, "without quotes"],
  ["---", 3, "a condition is missing"],
  ["x:=...", -1, ""],
  ["...", 0, "without a word"],
] as const)("%s is refused where it is wrong", (text, at, message) => {
  const parsed = parseFilter(text);
  if (at < 0) return expect(parsed.ok).toBe(true);
  expect(parsed).toMatchObject({ ok: false, fault: { at, message: expect.stringContaining(message) as string } });
});

test("nesting has an end", () => {
  expect(parseFilter("(".repeat(100) + "a" + ")".repeat(100)).ok).toBe(false);
});

test("words are letters, digits and underscores of any script", () => {
  expect(splitWords("GET /a_b/42 größe_1 日本-語")).toEqual(["GET", "a_b", "42", "größe_1", "日本", "語"]);
});
