import { expect, test } from "vitest";

import { logsLink } from "../links";
import { parseSearch, stringifySearch } from "../search";
import { linkToLine } from "./link";
import { logsChanges, parseLogsSearch, type LogsSearch } from "./search";

const line = { time: "2026-11-24T04:00:00.123456789Z", id: "ABC-7" };

test("an empty address is the usual page", () => {
  expect(parseLogsSearch({})).toEqual({ query: "", columns: [], order: "desc", wrap: false, by: "level", line: undefined, around: undefined, facets: undefined, histogram: true });
});

test("what is written is read", () => {
  const search: LogsSearch = {
    query: 'level:error "a b"', columns: ["http.route", "a,b", "50%"], order: "asc", wrap: true, by: "service", line,
    around: { ...line, service: "my~shop", instance: "50%~1" }, facets: false, histogram: false,
  };
  const written = stringifySearch(logsChanges(search));
  expect(parseLogsSearch(parseSearch(written))).toEqual(search);
});

test("what is usual is left out of the address", () => {
  expect(stringifySearch(logsChanges({ query: " ", columns: [], order: "desc", wrap: false, by: "level", line: undefined, around: undefined, histogram: true }))).toBe("");
});

test("nonsense is not taken", () => {
  expect(parseLogsSearch({ line: "yesterday~x", around: "x", order: "up", columns: ",,a,a," })).toMatchObject({ line: undefined, around: undefined, order: "desc", columns: ["a"] });
});

test("levels of a link join the filter", () => {
  expect(parseLogsSearch({ level: "warn, error" }).query).toBe("level:in(warn, error)");
  expect(parseLogsSearch({ query: "a OR b", level: "error" }).query).toBe("(a OR b) level:=error");
});

test("links of other pages are read", () => {
  expect(parseLogsSearch(parseSearch(logsLink('service:="a b"', { from: "now-1h", to: "now" }).slice("/logs".length))).query).toBe('service:="a b"');
});

test("the link to a line holds times that stay and contain it", () => {
  const span = { from: "2026-11-24T03:00:00Z", to: "2026-11-24T04:00:00Z" };
  const href = linkToLine({ ...line, service: "x", message: "m" }, span, "http://h/logs?query=a&from=now-1h&to=now&around=x");
  const search = parseSearch(new URL(href).search);
  expect(search).toEqual({ query: "a", from: "2026-11-24T03:00:00Z", to: "2026-11-24T04:00:01.123456789Z", line: `${line.time}~${line.id}` });
  expect(parseLogsSearch(search).line).toEqual(line);
});
