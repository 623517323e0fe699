import { describe, expect, it } from "vitest";

import { metricsIn, unitOfQuery } from "./units";

const metadata: Record<string, string> = { latency: "seconds", sent: "By" };

describe("unitOfQuery", () => {
  it.each([
    ["memory_bytes", "bytes"],
    ["rate(io_bytes_total[5m])", "bytesPerSecond"],
    ["sum by (a) (rate(io_bytes_total[$__rate_interval]))", "bytesPerSecond"],
    ["rate(requests_total[5m])", "perSecond"],
    ["increase(requests_total[5m])", "count"],
    ["rate(cpu_seconds_total[5m])", "ratio"],
    ["100 * sum(rate(cpu_seconds_total[5m]))", "percent"],
    ["histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[5m])))", "seconds"],
    ["histogram_quantile(0.5, rate(latency[5m]))", "seconds"],
    ["sum(rate(d_seconds_sum[5m])) / sum(rate(d_seconds_count[5m]))", "seconds"],
    ["a_bytes / b_bytes", "ratio"],
    ["a_bytes / 1024", "bytes"],
    ["a_bytes / b_seconds", undefined],
    ["a_bytes - b_bytes", "bytes"],
    ["count by (service) (a_bytes)", "count"],
    ["topk(5, a_bytes)", "bytes"],
    ["max_over_time(a_bytes[5m] offset 1h)", "bytes"],
    ["(a_bytes)", "bytes"],
    ["sent", "bytes"],
    ["1 + 1", undefined],
    ["sum(", undefined],
  ])("%s is in %s", (query, want) => {
    expect(unitOfQuery(query, (name) => metadata[name] ?? "")).toBe(want);
  });
});

describe("metricsIn", () => {
  it("lists each name once", () => {
    expect(metricsIn('sum(rate(a{b="c"}[$__rate_interval])) / a + d_total')).toEqual(["a", "d_total"]);
    expect(metricsIn("")).toEqual([]);
  });
});
