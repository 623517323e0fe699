// From label values to the lines of a chart: which, in what order, under which name.

import type { ChartSeries } from "../chart/data";
import { pick, type Frame } from "../live/frame";

/** A value of a label, as people call it. */
export type Naming = readonly (readonly [value: string, label: string])[];

export const cpuModes: Naming = [
  ["user", "User"],
  ["system", "System"],
  ["iowait", "I/O wait"],
  ["nice", "Nice"],
  ["steal", "Steal"],
  ["interrupt", "Interrupts"],
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

/**
 * named returns the series that have a name, in the order and the colours of the naming; those
 * that only ever were zero are left out when `quiet` names them.
 */
export function named(frame: Frame, label: string, naming: Naming, colour: (index: number) => string, quiet: readonly string[] = []): ChartSeries[] {
  return naming.flatMap(([value, name], i) => {
    const series = pick(frame, label, value);
    if (!series) return [];
    if (quiet.includes(value) && series.values.every((v) => v === null || v < 0.05)) return [];
    return [{ key: value, label: name, colour: colour(i), values: series.values }];
  });
}
