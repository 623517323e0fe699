// What a legend says of a series: its last value and what it was between.

import type { Row } from "./data";

export interface Stats {
  last: number | null;
  min: number | null;
  max: number | null;
  avg: number | null;
}

const known = new WeakMap<Row, Stats>();

/** statsOf looks through a row once; rows don't change. */
export function statsOf(values: Row): Stats {
  const before = known.get(values);
  if (before) return before;
  let last: number | null = null;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
    last = value;
  }
  const stats: Stats = count === 0 ? { last: null, min: null, max: null, avg: null } : { last, min, max, avg: sum / count };
  known.set(values, stats);
  return stats;
}
