// Arranges counts over time as stacked bars.

import type { Bucket } from "./api";
import { severity, type Severity } from "./fields";

export interface Stack {
  /** The value of the field; "" for lines without it. */
  value: string;
  /** All the rarer values. */
  other: boolean;
  total: number;
  /** Of each bar, from the lowest. */
  counts: number[];
}

export interface Bars {
  /** Unix milliseconds of the first bar's start. */
  from: number;
  step: number;
  count: number;
  /** The lowest of a bar first. */
  stacks: Stack[];
  totals: number[];
  max: number;
  total: number;
}

const severityRank: Record<Severity, number> = { error: 0, warn: 1, info: 2, debug: 3, none: 4 };

/** stepFor is the length of a bar, so that one is about eight pixels wide. */
export function barStep(length: number, pixels: number): number {
  const wanted = length / Math.max(20, Math.floor(pixels / 8));
  const seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];
  const step = seconds.find((candidate) => candidate * 1000 >= wanted);
  return step === undefined ? Math.ceil(wanted / 604_800_000) * 604_800_000 : step * 1000;
}

/** barsOf fills the bars of a range. Levels stand with the worst at the bottom, others by size. */
export function barsOf(buckets: readonly Bucket[], from: number, to: number, step: number, by: string): Bars {
  const start = Math.floor(from / step) * step;
  const count = Math.max(1, Math.ceil((to - start) / step));
  const byValue = new Map<string, Stack>();
  const totals = Array.from({ length: count }, () => 0);
  for (const bucket of buckets) {
    const index = Math.round((bucket.time - start) / step);
    if (index < 0 || index >= count) continue;
    const key = bucket.other ? "other" : `=${bucket.by}`;
    let stack = byValue.get(key);
    if (!stack) byValue.set(key, (stack = { value: bucket.by, other: bucket.other, total: 0, counts: Array.from({ length: count }, () => 0) }));
    stack.counts[index] = (stack.counts[index] ?? 0) + bucket.count;
    stack.total += bucket.count;
    totals[index] = (totals[index] ?? 0) + bucket.count;
  }
  const rank = (stack: Stack) => (by === "level" ? severityRank[severity(stack.value)] : stack.other ? 1 : stack.value === "" ? 2 : 0);
  const stacks = [...byValue.values()].toSorted((a, b) => rank(a) - rank(b) || b.total - a.total || (a.value < b.value ? -1 : 1));
  return { from: start, step, count, stacks, totals, max: Math.max(0, ...totals), total: totals.reduce((sum, n) => sum + n, 0) };
}

/** stackName is what a stack is called. */
export function stackName({ value, other }: Stack, by: string): string {
  if (other) return "other";
  return value === "" ? `no ${by}` : value;
}

/** stackPath draws the bars of one stack, above those below it. */
export function stackPath(bars: Bars, at: number, width: number, height: number): string {
  const slot = width / bars.count;
  const gap = slot > 4 ? 1 : 0;
  const scale = bars.max > 0 ? (height - 1) / bars.max : 0;
  let path = "";
  const counts = bars.stacks[at]?.counts ?? [];
  for (let i = 0; i < bars.count; i++) {
    const value = counts[i] ?? 0;
    if (value === 0) continue;
    let below = 0;
    for (let s = 0; s < at; s++) below += bars.stacks[s]?.counts[i] ?? 0;
    const top = height - (below + value) * scale;
    // One line of ten thousand is still to be seen.
    const tall = Math.max(value * scale, 1);
    path += `M${round(i * slot)} ${round(top)}h${round(slot - gap)}v${round(tall)}h${round(gap - slot)}z`;
  }
  return path;
}

const round = (n: number) => Math.round(n * 100) / 100;

/** ticksOf are the bars that get a time below them. */
export function ticksOf(bars: Bars, pixels: number): number[] {
  const wanted = Math.max(2, Math.floor(pixels / 130));
  const nice = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const length = (bars.count * bars.step) / 1000;
  const every = (nice.find((n) => length / n <= wanted) ?? 604_800) * 1000;
  const ticks: number[] = [];
  for (let t = Math.ceil(bars.from / every) * every; t < bars.from + bars.count * bars.step; t += every) ticks.push(t);
  return ticks;
}
