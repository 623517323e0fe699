// The unit of a metric: what its metadata says, or else what its name ends with.

import type { Unit } from "./units";

/** Units as Prometheus and OpenTelemetry (UCUM) write them. */
const byMetadata: Readonly<Record<string, Unit>> = {
  bytes: "bytes",
  by: "bytes",
  byte: "bytes",
  "by/s": "bytesPerSecond",
  "bytes/s": "bytesPerSecond",
  bytes_per_second: "bytesPerSecond",
  bits: "bits",
  bit: "bits",
  "bit/s": "bitsPerSecond",
  bits_per_second: "bitsPerSecond",
  seconds: "seconds",
  s: "seconds",
  milliseconds: "milliseconds",
  ms: "milliseconds",
  microseconds: "microseconds",
  us: "microseconds",
  "µs": "microseconds",
  nanoseconds: "nanoseconds",
  ns: "nanoseconds",
  ratio: "ratio",
  "1": "count",
  percent: "percent",
  "%": "percent",
  hertz: "hertz",
  hz: "hertz",
  celsius: "celsius",
  cel: "celsius",
  bool: "bool",
};

const bySuffix: readonly (readonly [suffix: string, unit: Unit])[] = [
  ["_timestamp_seconds", "timestamp"],
  ["_bytes_per_second", "bytesPerSecond"],
  ["_bits_per_second", "bitsPerSecond"],
  ["_bytes", "bytes"],
  ["_bits", "bits"],
  ["_milliseconds", "milliseconds"],
  ["_microseconds", "microseconds"],
  ["_nanoseconds", "nanoseconds"],
  ["_seconds", "seconds"],
  ["_ms", "milliseconds"],
  ["_ratio", "ratio"],
  ["_percent", "percent"],
  ["_celsius", "celsius"],
  ["_hertz", "hertz"],
  ["_per_second", "perSecond"],
];

/** The ends of names that say what a number is of the metric, not its unit. */
const parts = /_(total|sum|min|max|avg)$/;

/** perSecondOf is the unit of a counter's rate. */
export function perSecondOf(unit: Unit): Unit {
  switch (unit) {
    case "bytes":
      return "bytesPerSecond";
    case "bits":
      return "bitsPerSecond";
    // Seconds in each second are a part of the time, such as that of a processor.
    case "seconds":
      return "ratio";
    default:
      return "perSecond";
  }
}

/**
 * unitOf is the unit of a metric's values, or of its rate. What the metadata says goes before the
 * name: it is empty where nobody knows.
 */
export function unitOf(metric: string, metadataUnit = "", rate = false): Unit {
  const unit = ownUnit(metric, metadataUnit);
  return rate ? perSecondOf(unit) : unit;
}

function ownUnit(metric: string, metadataUnit: string): Unit {
  if (metric === "up") return "bool";
  // Numbers of observations have no unit, whatever it observes.
  if (/_(count|bucket)$/.test(metric)) return "count";
  const said = byMetadata[metadataUnit.trim().toLowerCase()];
  // OpenTelemetry's "1" is a ratio for a gauge; its name says so after translation.
  if (said !== undefined && said !== "count") return said;
  const name = metric.replace(parts, "");
  return bySuffix.find(([suffix]) => name.endsWith(suffix) || name === suffix.slice(1))?.[1] ?? "count";
}
