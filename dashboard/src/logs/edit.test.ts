import { expect, test } from "vitest";

import { addCondition, appendText, conditionText, dropValue, negatePill, onlyValue, pillsOf, quoteName, quoteValue, removePill, stateOfValue, toggleValue, withoutField } from "./edit";
import { parseFilter } from "./filter";

const texts = (query: string) => pillsOf(query).map((pill) => pill.text);

test("pills are what must all be true", () => {
  expect(texts('level:error service:=web -"health check" (a OR b)')).toEqual(["level:error", "service:=web", '-"health check"', "(a OR b)"]);
  expect(texts("a OR b")).toEqual(["a OR b"]);
  expect(texts("")).toEqual([]);
  expect(texts("a (")).toEqual([]);
});

test.each([
  ["a b c", 1, "a c"],
  ["a and b AND c", 1, "a c"],
  ["a and b", 1, "a"],
  ["a and b", 0, "b"],
  ["a", 0, ""],
])("%s without its part %i is %s", (query, at, rest) => {
  expect(removePill(query, pillsOf(query)[at]!)).toBe(rest);
});

test("a click includes a value, one more joins it, and again takes it away", () => {
  let query = toggleValue("", "level", "error", false);
  expect(query).toBe("level:=error");
  query = toggleValue(query, "level", "warn", false);
  expect(query).toBe("level:in(error, warn)");
  expect(stateOfValue(query, "level", "warn")).toBe("included");
  query = toggleValue(query, "level", "error", false);
  expect(query).toBe("level:=warn");
  expect(toggleValue(query, "level", "warn", false)).toBe("");
});

test("excluding takes back including", () => {
  const query = toggleValue("refused level:error", "level", "error", true);
  expect(query).toBe("refused -level:=error");
  expect(stateOfValue(query, "level", "error")).toBe("excluded");
  expect(toggleValue(query, "level", "info", true)).toBe("refused -level:in(error, info)");
  expect(toggleValue(query, "level", "error", false)).toBe("refused level:=error");
});

test("what people wrote stays, and alternatives keep together", () => {
  expect(addCondition("a OR b", "level", ["error"])).toBe("(a OR b) level:=error");
  expect(addCondition("(a OR b)", "level", ["error"])).toBe("(a OR b) level:=error");
  expect(addCondition("*", "level", ["error"])).toBe("level:=error");
  expect(appendText("x", "y:>1")).toBe("x y:>1");
  expect(addCondition("level:err*", "level", ["error"])).toBe("level:err* level:=error");
});

test.each(["", "error", "a b", 'say "hi"', "back\\slash", "or", "-x", "tab\tnew\nline", "日本", "\u0001", "a,b)"])("the value %j comes back", (value) => {
  const query = conditionText("field", [value, "other"]);
  const parsed = parseFilter(query);
  expect(parsed).toMatchObject({ ok: true, root: { kind: "in", values: [value, "other"] } });
  expect(stateOfValue(conditionText("field", [value]), "field", value)).toBe("included");
  expect(dropValue(query, "field", "other", false)).toBe(conditionText("field", [value]));
});

test.each(["level", "http.request.method", "a b", "k8s.io/name", "-x", 'q"uote', "日本"])("the name %j comes back", (name) => {
  expect(parseFilter(`${quoteName(name)}:=x`)).toMatchObject({ ok: true, root: { field: name, negated: false } });
});

test("a pill turns round", () => {
  for (const [query, turned] of [
    ["a b", "-a b"],
    ["-a b", "a b"],
    ["NOT a b", "a b"],
    ["(a OR b) c", "-(a OR b) c"],
    ["a OR b", "-(a OR b)"],
  ] as const) {
    expect(negatePill(query, pillsOf(query)[0]!)).toBe(turned);
    expect(parseFilter(turned).ok).toBe(true);
  }
});

test("a field's own list doesn't know what is chosen in it", () => {
  expect(withoutField("a level:in(x, y) -level:=z", "level")).toBe("a");
  expect(withoutField("a", "level")).toBe("a");
});

test("one value that is required", () => {
  expect(onlyValue("service:web x", "service")).toBe("web");
  expect(onlyValue("service:in(web, cart)", "service")).toBeUndefined();
  expect(onlyValue("-service:web", "service")).toBeUndefined();
});

test("bare values stay bare", () => {
  expect(quoteValue("web_1")).toBe("web_1");
  expect(quoteValue("web-1")).toBe('"web-1"');
});
