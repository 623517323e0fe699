import { describe, expect, it } from "vitest";

import { axisFormatter, logFormatter } from "./axis";
import { unitOf } from "./unit-of";
import { format, isUnit, unitNames, type Unit } from "./units";

const plain = (text: string) => text.replaceAll("\u2009", " ");

describe("unitOf", () => {
  it.each<[string, string, boolean, Unit]>([
    ["system_memory_usage_bytes", "", false, "bytes"],
    ["node_network_receive_bytes_total", "", true, "bytesPerSecond"],
    ["node_network_receive_bytes_total", "bytes", false, "bytes"],
    ["http_request_duration_seconds", "seconds", false, "seconds"],
    ["http_request_duration_seconds_sum", "", false, "seconds"],
    ["http_request_duration_seconds_count", "seconds", true, "perSecond"],
    ["http_request_duration_seconds_bucket", "", false, "count"],
    ["rpc_duration_milliseconds", "ms", false, "milliseconds"],
    ["system_cpu_time_seconds_total", "s", true, "ratio"],
    ["system_cpu_utilization_ratio", "1", false, "ratio"],
    ["disk_used_percent", "", false, "percent"],
    ["process_start_timestamp_seconds", "", false, "timestamp"],
    ["http_requests_total", "", true, "perSecond"],
    ["http_requests_total", "{request}", false, "count"],
    ["queue_length", "", false, "count"],
    ["latency", "us", false, "microseconds"],
    ["temperature", "Cel", false, "celsius"],
    ["hw_sensor_celsius", "", false, "celsius"],
    ["cpu_frequency_hertz", "", false, "hertz"],
    ["net_io", "By/s", false, "bytesPerSecond"],
    ["up", "", false, "bool"],
  ])("%s with %j, rate %s, is %s", (metric, metadata, rate, want) => {
    expect(unitOf(metric, metadata, rate)).toBe(want);
  });
});

describe("units", () => {
  it("are all formatted, and named for a list", () => {
    for (const [unit] of unitNames) expect(format(1, unit)).not.toBe("");
    expect(isUnit("bytes")).toBe(true);
    expect(isUnit("furlongs")).toBe(false);
  });

  it.each<[number, Unit, string]>([
    [0.0125, "seconds", "12.5 ms"],
    [1.5, "milliseconds", "1.50 ms"],
    [90, "seconds", "1 min 30 s"],
    [59.97, "seconds", "1 min"],
    [250, "nanoseconds", "250 ns"],
    [0, "milliseconds", "0 s"],
    [-2048, "bytes", "−2.00 KiB"],
    [-0.5, "percent", "−0.5 %"],
    [0.876, "ratio", "88 %"],
    [0.0004, "ratio", "0.04 %"],
    [8e6, "bitsPerSecond", "8.00 Mb/s"],
    [0, "bool", "No"],
    [2.4e9, "hertz", "2.40 GHz"],
    [21.25, "celsius", "21.3 °C"],
    [1795521600, "timestamp", "2026-11-24 12:00:00"],
    [0.0012, "count", "0.0012"],
    [1e-9, "plain", "1.00e-9"],
    [0.02, "perSecond", "0.02/s"],
  ])("writes %d %s as %s", (value, unit, want) => {
    expect(plain(format(value, unit))).toBe(want);
  });
});

describe("axisFormatter", () => {
  it.each<[Unit, number[], string[]]>([
    ["count", [0, 500, 1000, 1500], ["0", "0.5 k", "1.0 k", "1.5 k"]],
    ["seconds", [0, 0.05, 0.1], ["0", "50 ms", "100 ms"]],
    ["seconds", [0, 60, 120], ["0", "1 min", "2 min"]],
    ["milliseconds", [0, 500, 1000], ["0", "0.5 s", "1.0 s"]],
    ["ratio", [0, 0.5, 1], ["0 %", "50 %", "100 %"]],
    ["celsius", [-20, 0, 20], ["−20 °C", "0", "20 °C"]],
    ["perSecond", [0, 250, 500], ["0", "250/s", "500/s"]],
    // Marks must differ, however near they are.
    ["bytes", [20 * 1024 ** 3, 20.002 * 1024 ** 3], ["20.000 GiB", "20.002 GiB"]],
    ["bool", [0, 1], ["No", "Yes"]],
  ])("of %s writes %j", (unit, ticks, want) => {
    expect(axisFormatter(unit)(ticks).map(plain)).toEqual(want);
  });

  it("of logarithms has a scale for each mark", () => {
    expect(logFormatter("bytes")([1, 1024, 1024 ** 2]).map(plain)).toEqual(["1 B", "1 KiB", "1 MiB"]);
  });
});
