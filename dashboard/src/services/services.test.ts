import { describe, expect, it } from "vitest";

import type { InstantSeries, Labels } from "../api/types";
import { bucketsOf, type Service } from "./api";
import { byImportance, familyOf, isRuntime, metricChart, metricsOf, requestCharts, worthDrawing, type Metric } from "./charts";
import { distinct, joinInstances } from "./instances";
import { levelsOf } from "./LevelHistogram";
import { groupsOf } from "./MetricCharts";
import { countShown, filterServices, needsAttention, rowsOf } from "./model";
import { errorPart, families, instances, requestFacts, requestRate, serviceLogs, serviceMatchers } from "./queries";
import { parseService, parseServices, writeService, writeServices } from "./search";

const now = Date.parse("2026-11-24T10:00:00Z") / 1000;
const at = (secondsAgo: number) => new Date((now - secondsAgo) * 1000).toISOString();
const instant = (metric: Labels, value: number): InstantSeries => ({ metric, value: [now, String(value)] });
const service = (name: string, more: Partial<Service> = {}): Service => ({ name, instances: 1, series: 10, metrics: 2, logs: 0, ...more });
const metric = (name: string, kind: Metric["kind"] = "gauge"): Metric => ({ name, kind, unit: undefined, help: undefined, series: 1 });

describe("queries", () => {
  it("count no failure as zero", () => {
    const [http] = families;
    expect(errorPart(http!, "service", "", "5m")).toContain("or 0 * (");
    expect(requestRate(http!, "service", 'service="a"', "5m")).toContain('http_server_request_duration_seconds_count{service="a"}[5m]');
  });

  it("know every convention of requests", () => {
    for (const { metric: name } of families) expect(requestFacts()).toContain(`${name}_count`);
    expect(requestFacts()).toContain("0.001 * (");
  });

  it("select a service, and one of its environments", () => {
    expect(serviceMatchers('a"b')).toBe('service="a\\"b"');
    expect(serviceMatchers("a", "staging")).toBe('service="a",deployment_environment_name="staging"');
    expect(serviceLogs("a", "staging")).toBe('service:="a" deployment.environment.name:="staging"');
    expect(instances('service="a"', 7200)).toContain("[7200s:60s]");
  });
});

describe("the list", () => {
  const rows = rowsOf(
    {
      services: [service("web", { logs: 200, last_metric: at(900), last_log: at(10) }), service("old", { last_metric: at(301) }), service("never", { series: 0 })],
      requests: [instant({ service: "web", fact: "rate" }, 5), instant({ service: "web", fact: "errors" }, 1.5), instant({ service: "web", fact: "p95" }, Number.NaN)],
      failures: new Map([["web", 10]]),
    },
    now,
  );

  it("takes the newer of metrics and logs as last seen", () => {
    expect(rows.map(({ name, age, silent }) => [name, age, silent])).toEqual([
      ["web", 10, false],
      ["old", 301, true],
      ["never", undefined, true],
    ]);
  });

  it("joins requests and failures in logs", () => {
    expect(rows[0]).toMatchObject({ rate: 5, errors: 1.5, logErrors: 10, logErrorPart: 5 });
    expect(rows[0]?.p95).toBeUndefined();
    expect(rows[1]?.logErrorPart).toBeUndefined();
    expect(rows.map(needsAttention)).toEqual([true, true, true]);
  });

  it("is filtered by words and by what services send", () => {
    expect(filterServices(rows, "E w", "all").map(({ name }) => name)).toEqual(["web"]);
    expect(filterServices(rows, "", "silent").map(({ name }) => name)).toEqual(["old", "never"]);
    expect(countShown(rows)).toEqual({ all: 3, metrics: 2, logs: 1, silent: 2, attention: 3 });
  });

  it("is in the address", () => {
    const search = { text: "w", show: "logs", sort: { column: "p95", descending: true } } as const;
    expect(writeServices(search)).toEqual({ q: "w", show: "logs", sort: "-p95" });
    expect(parseServices(writeServices(search))).toEqual(search);
    expect(parseServices({ show: "x", sort: "x" })).toEqual({ text: "", show: "all", sort: { column: "name", descending: false } });
    const one = { environment: "staging", instances: { column: "rate", descending: true } };
    expect(parseService(writeService(one))).toEqual(one);
    expect(writeService({ environment: "" })).toEqual({ env: undefined });
  });
});

describe("bucketsOf", () => {
  it("lays counts on the whole grid, other values apart", () => {
    const buckets = bucketsOf({
      from: "2026-11-24T10:00:00Z",
      to: "2026-11-24T10:03:00Z",
      step_seconds: 60,
      buckets: [{ time: "2026-11-24T10:01:00Z", count: 3, by: "info" }, { time: "2026-11-24T10:02:00Z", count: 1 }, { time: "2026-11-24T10:00:00Z", count: 7, other: true }],
    });
    expect(buckets.times).toEqual([now, now + 60, now + 120]);
    expect([...buckets.counts]).toEqual([["info", [0, 3, 0]], ["", [0, 0, 1]], ["other", [7, 0, 0]]]);
  });
});

describe("levelsOf", () => {
  it("adds up levels that mean the same, the worst first", () => {
    const counts = new Map([["info", [5, 5]], ["fatal", [0, 1]], ["ERROR", [2, 0]]]);
    const { series, totals } = levelsOf({ times: [0, 60], step: 60, counts }, "light");
    expect(series.map(({ label, values }) => [label, values])).toEqual([["Error", [2, 1]], ["Info", [5, 5]]]);
    expect(totals.get("error")).toBe(3);
    expect(levelsOf(undefined, "dark").series).toEqual([]);
  });
});

describe("metrics", () => {
  const names = new Map(Object.entries({ target_info: 1, d_seconds_bucket: 15, d_seconds_sum: 1, d_seconds_count: 1, jobs_total: 2, queue_count: 4, temp: 1 }));
  const metadata = { jobs: [{ type: "counter", unit: "", help: "" }], temp: [{ type: "gauge", unit: "celsius", help: "How hot" }] };

  it("are joined from their series", () => {
    expect(metricsOf(names, metadata).map(({ name, kind, series }) => [name, kind, series])).toEqual([
      ["d_seconds", "histogram", 17],
      ["jobs_total", "counter", 2],
      ["queue_count", "unknown", 4],
      ["temp", "gauge", 1],
    ]);
  });

  it("are drawn by their kind", () => {
    const chart = (name: string, kind: Metric["kind"]) => metricChart(metric(name, kind), 'service="a"');
    expect(chart("jobs_total", "counter").query(15)).toBe('sum by (instance) (rate(jobs_total{service="a"}[120s]))');
    expect(chart("bytes_total", "counter").query(300)).toContain("[600s]");
    expect(chart("d_seconds", "histogram").query(15)).toContain("histogram_quantile(0.99, sum by (le) (rate(d_seconds_bucket");
    expect(chart("used_ratio", "gauge").query(15)).toBe('avg by (instance) (used_ratio{service="a"})');
    expect(chart("queue", "unknown").query(15)).toBe('sum by (instance) (queue{service="a"})');
    expect(chart("gc_seconds", "summary").query(15)).toContain("gc_seconds_sum");
  });

  it("of programs are told from others, the telling ones first", () => {
    expect(["process_cpu_seconds_total", "jvm_memory_used_bytes", "shop_orders_total"].map(isRuntime)).toEqual([true, true, false]);
    expect(byImportance(["go_gc", "jvm_thread_count", "process_memory_usage_bytes", "process_cpu_utilization_ratio"].map((name) => metric(name))).map(({ name }) => name)).toEqual([
      "process_cpu_utilization_ratio",
      "process_memory_usage_bytes",
      "jvm_thread_count",
      "go_gc",
    ]);
    expect(["go_info", "process_start_time_seconds", "queue"].map((name) => worthDrawing(metric(name)))).toEqual([false, false, true]);
  });

  it("are grouped by how they begin", () => {
    const groups = groupsOf(["db_client_a", "db_client_b", "db_client_c", "shop_orders", "up"].map((name) => metric(name)));
    expect(groups.map(({ name, metrics }) => [name, metrics.length])).toEqual([["db_client", 3], ["Others", 2]]);
    expect(groupsOf([metric("up")]).map(({ name }) => name)).toEqual([""]);
  });

  it("of requests are found, newer conventions first", () => {
    const family = familyOf(["rpc_server_duration_milliseconds", "http_server_request_duration_seconds"].map((name) => metric(name, "histogram")));
    expect(family?.metric).toBe("http_server_request_duration_seconds");
    expect(familyOf([metric("up")])).toBeUndefined();
    const charts = requestCharts(family!, 'service="a"');
    expect(charts).toHaveLength(6);
    expect(charts.every(({ query }) => query(60).includes('service="a"'))).toBe(true);
  });
});

describe("instances", () => {
  const place = { instance: "a", host_name: "h", deployment_environment_name: "prod" };

  it("are joined, with the version that runs now", () => {
    const found = joinInstances(
      [instant({ ...place, fact: "seen", service_version: "1" }, now - 500), instant({ ...place, fact: "seen", service_version: "2" }, now - 5), instant({ ...place, fact: "series" }, 7)],
      [instant({ ...place, fact: "rate" }, 3), instant({ fact: "rate" }, 9)],
    );
    expect(found).toEqual([{ name: "a", host: "h", environment: "prod", version: "2", series: 7, rate: 3, age: 5, silent: false }]);
    expect(distinct(found, (i) => i.version)).toEqual(["2"]);
  });

  it("are silent when nothing came for minutes", () => {
    expect(joinInstances([instant({ ...place, fact: "seen" }, now - 400)], [])[0]).toMatchObject({ silent: true, age: 400 });
    const [json] = joinInstances([instant({ instance: "json", fact: "series" }, 1)], []);
    expect([json?.silent, json?.age]).toEqual([false, undefined]);
  });
});
