import { expect, test } from "vitest";

import type { LogRecord } from "../api/types";
import { fieldsOf, fieldValue, namesIn, severity, shortName } from "./fields";
import { barsOf, barStep, stackName, stackPath, ticksOf } from "./histogram";
import { emptyTail, mostPending, receive } from "./tail";
import { lineText, pretty } from "./text";

const record: LogRecord = {
  time: "2026-11-24T04:00:00.5Z", id: "b-1", service: "web", instance_id: "web-1", level: "error", message: "refused", trace_id: "t1",
  labels: { "host.name": "n1", level: "x" }, json: { http: { route: "/a", codes: [1, 2] }, "a.b": { c: "deep" }, n: 5, empty: "" },
};

test.each([
  ["service", "web"],
  ["host.name", "n1"],
  ["labels.host.name", "n1"],
  ["labels.level", "x"],
  ["level", "error"],
  ["http.route", "/a"],
  ["json.http.route", "/a"],
  ["http.codes", "[1,2]"],
  ["a.b.c", "deep"],
  ["n", "5"],
  ["nothing", ""],
])("the field %s is %j", (name, value) => {
  expect(fieldValue(record, name)).toBe(value);
});

test("every field is listed once, under a name that finds it", () => {
  const fields = fieldsOf(record);
  expect(fields.map((field) => field.name)).toEqual(["level", "service", "instance_id", "trace_id", "host.name", "labels.level", "http.route", "http.codes", "a.b.c", "n"]);
  for (const { name, value } of fields) expect(fieldValue(record, name)).toBe(value);
  expect(namesIn([record, record]).get("host.name")).toBe(2);
  expect(["labels.a", "json.b", "labels.level", "service"].map(shortName)).toEqual(["a", "b", "labels.level", "service"]);
});

test("levels have the colours that people expect", () => {
  expect(["ERROR", "fatal", "Warning", "info", "notice", "trace", undefined].map(severity)).toEqual(["error", "error", "warn", "info", "info", "debug", "none"]);
});

test("bars stand over the whole range, the worst level at the bottom", () => {
  const at = (s: number, by: string, count: number, other = false) => ({ time: s * 1000, by, count, other });
  const bars = barsOf([at(0, "info", 8), at(0, "error", 2), at(20, "warn", 5), at(99, "info", 1)], 1000, 40_000, 10_000, "level");
  expect(bars).toMatchObject({ from: 0, count: 4, totals: [10, 0, 5, 0], max: 10, total: 15 });
  expect(bars.stacks.map((stack) => stack.value)).toEqual(["error", "warn", "info"]);
  // The error's bar ends at the bottom, and what is above begins at its top.
  expect(stackPath(bars, 0, 100, 51)).toBe("M0 41h24v10h-24z");
  expect(stackPath(bars, 2, 100, 51)).toBe("M0 1h24v40h-24z");
});

test("rare values and missing ones are told apart", () => {
  const bars = barsOf([{ time: 0, by: "", other: true, count: 9 }, { time: 0, by: "", other: false, count: 4 }, { time: 0, by: "a", other: false, count: 1 }], 0, 1000, 1000, "host");
  expect(bars.stacks.map((stack) => stackName(stack, "host"))).toEqual(["a", "other", "no host"]);
});

test("a bar is about eight pixels, and a round time", () => {
  expect([barStep(300_000, 1200), barStep(3_600_000, 1200), barStep(86_400_000, 400), barStep(100, 1200)]).toEqual([2000, 30_000, 1_800_000, 10]);
  const bars = barsOf([], 0, 3_600_000, 30_000, "level");
  expect(ticksOf(bars, 1200)).toEqual([0, 600_000, 1_200_000, 1_800_000, 2_400_000, 3_000_000]);
});

test("a tail keeps what waits, and past a bound only counts", () => {
  const tail = emptyTail();
  const some = Array.from({ length: mostPending }, () => record);
  receive(tail, some, 0);
  expect([tail.pending.length, tail.dropped]).toEqual([mostPending, 0]);
  receive(tail, [record], 3);
  receive(tail, [record], 0);
  expect([tail.pending.length, tail.dropped, tail.missed]).toEqual([0, mostPending + 2, 3]);
});

test("messages that are JSON are written over lines", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("{not json}")).toBe("{not json}");
  expect(lineText(record)).toBe("2026-11-24T04:00:00.5Z error web refused");
});
