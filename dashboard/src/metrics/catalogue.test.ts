import { describe, expect, it } from "vitest";

import { catalogueOf, findMetrics, nearestNames } from "./catalogue";

const of = (type: string, unit = "", help = "") => [{ type, unit, help }];

describe("catalogueOf", () => {
  it("takes the names of a histogram for one metric", () => {
    const metrics = catalogueOf(["d_bucket", "d_count", "d_sum"], { d: of("histogram", "seconds", "How long.") });
    expect(metrics).toEqual([{ name: "d", kind: "histogram", typed: true, unit: "seconds", help: "How long.", native: false }]);
  });

  it("knows a histogram without metadata by its parts", () => {
    expect(catalogueOf(["d_bucket", "d_count", "d_sum"], {})).toEqual([{ name: "d", kind: "histogram", typed: false, unit: "", help: "", native: false }]);
  });

  it("knows native histograms and summaries", () => {
    const metrics = catalogueOf(["h", "s", "s_count", "s_sum"], { h: of("histogram"), s: of("summary") });
    expect(metrics.map(({ name, kind, native }) => [name, kind, native])).toEqual([
      ["h", "histogram", true],
      ["s", "summary", false],
    ]);
  });

  it("leaves a counter that only sounds like a part alone", () => {
    const metrics = catalogueOf(["pool_count", "pool_sum", "sent_count"], { pool_count: of("gauge"), sent_count: of("counter") });
    expect(metrics.map(({ name, kind }) => [name, kind])).toEqual([
      ["pool_count", "gauge"],
      ["pool_sum", "counter"],
      ["sent_count", "counter"],
    ]);
  });

  it("guesses a kind from the name where nobody says it", () => {
    const metrics = catalogueOf(["a_total", "b", "c"], { c: of("unknown", "", "Something.") });
    expect(metrics.map(({ name, kind, typed, help }) => [name, kind, typed, help])).toEqual([
      ["a_total", "counter", false, ""],
      ["b", "gauge", false, ""],
      ["c", "gauge", false, "Something."],
    ]);
  });

  it("prefers descriptions that say something", () => {
    const [metric] = catalogueOf(["a"], { a: [...of("gauge"), ...of("gauge", "bytes", "Memory.")] });
    expect(metric).toMatchObject({ unit: "bytes", help: "Memory." });
  });
});

describe("findMetrics", () => {
  const metrics = catalogueOf(["http_requests_total", "process_cpu_seconds_total", "rpc_http_gateway"], { process_cpu_seconds_total: of("counter", "", "Time, also of HTTP work.") });

  it("wants every word, in the name first", () => {
    expect(findMetrics(metrics, "http").map((m) => m.name)).toEqual(["http_requests_total", "rpc_http_gateway", "process_cpu_seconds_total"]);
    expect(findMetrics(metrics, " HTTP  total ").map((m) => m.name)).toEqual(["http_requests_total", "process_cpu_seconds_total"]);
    expect(findMetrics(metrics, "")).toHaveLength(3);
    expect(findMetrics(metrics, "nothing")).toEqual([]);
  });
});

describe("nearestNames", () => {
  const names = ["http_server_request_duration_seconds_count", "http_server_active_requests", "system_cpu_time_seconds_total", "up"];

  it.each([
    ["http_server_active_request", "http_server_active_requests"],
    ["system_cpu_time_second_total", "system_cpu_time_seconds_total"],
    ["http_server_request_duration_seconds", "http_server_request_duration_seconds_count"],
    ["htpt_server_active_requests", "http_server_active_requests"],
  ])("%s was %s", (wanted, found) => {
    expect(nearestNames(wanted, names)[0]).toBe(found);
  });

  it("does not propose what is nothing alike", () => {
    expect(nearestNames("zzzzz", names)).toEqual([]);
  });
});
