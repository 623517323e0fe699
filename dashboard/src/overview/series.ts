// From label values to the lines of a chart: which, in what order, under which name.

import type { ChartSeries } from "../chart/data";
import type { Frame } from "../live/frame";

/** Values of a label, parted by "|", that are shown as one, and how people call it. */
export type Naming = readonly (readonly [values: string, name: string])[];

export const cpuModes: Naming = [
  ["user", "User"],
  ["system", "System"],
  ["iowait", "I/O wait"],
  ["steal", "Steal"],
  ["nice|interrupt", "Other"],
];

export const memoryStates: Naming = [
  ["used", "Used"],
  ["cached", "Cached"],
  ["buffers", "Buffers"],
];

export const networkDirections: Naming = [
  ["receive", "In"],
  ["transmit", "Out"],
];

export const diskDirections: Naming = [
  ["read", "Read"],
  ["write", "Write"],
];

export const protocols: Naming = [
  ["otlp_grpc", "OTLP gRPC"],
  ["otlp_http", "OTLP HTTP"],
  ["json", "JSON"],
  ["remote_write", "Remote write"],
];

/** add adds values point by point; what nobody has stays a gap. */
export function add(rows: readonly (readonly (number | null)[])[]): (number | null)[] {
  const [first, ...others] = rows;
  return (first ?? []).map((value, i) => others.reduce<number | null>((sum, row) => (typeof row[i] === "number" ? (sum ?? 0) + row[i] : sum), value));
}

/**
 * named returns the series that have a name, in the order and the colours of the naming. Those
 * in `quiet` are left out while they never were more than `least`.
 */
export function named(frame: Frame, label: string, naming: Naming, colour: (index: number) => string, quiet: readonly string[] = [], least = 0): ChartSeries[] {
  return naming.flatMap(([key, name], i) => {
    const rows = frame.series.filter((s) => key.split("|").includes(s.labels[label] ?? "")).map((s) => s.values);
    const [only] = rows;
    if (!only) return [];
    const values = rows.length === 1 ? only : add(rows);
    if (quiet.includes(name) && values.every((v) => v === null || v <= least)) return [];
    return [{ key, label: name, colour: colour(i), values }];
  });
}
