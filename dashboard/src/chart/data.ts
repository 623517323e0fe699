// From series to the rows that uPlot draws: one on the other in a stack, each with its place.

import type { AlignedData } from "uplot";

import { valueAt } from "../live/frame";

/** A value, a gap (null), or nothing because only another series has this time (undefined). */
export type Row = readonly (number | null | undefined)[];

export interface ChartSeries {
  key: string;
  label: string;
  colour: string;
  values: Row;
  /** The dashes of its line in pixels; without them it is whole. */
  dash?: readonly number[] | undefined;
}

/** How the rows lie: which series each is of, and what is below it in a stack. */
export interface Layout {
  data: AlignedData;
  /** The index of the series of each row. */
  order: number[];
  /** The index of the row that each row's fill ends at; -1 is zero. */
  below: number[];
  /** Whether each row is stacked down from zero. */
  negative: boolean[];
}

/** stack adds each series onto the ones before it; a gap counts as nothing, unless all are gaps. */
export function stack(series: readonly { values: Row }[], length: number): (number | null)[][] {
  const sum = Array.from<number | null>({ length }).fill(null);
  return series.map(({ values }) => {
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (value !== null && value !== undefined) sum[i] = (sum[i] ?? 0) + value;
    }
    return [...sum];
  });
}

/** isNegative says that a series belongs below zero: what it adds up to is. */
export function isNegative(values: Row): boolean {
  let sum = 0;
  for (const value of values) sum += value ?? 0;
  return sum < 0;
}

/** positive leaves out what has no logarithm. */
function positive(values: Row): Row {
  return values.some((value) => typeof value === "number" && value <= 0) ? values.map((value) => (typeof value === "number" && value <= 0 ? null : value)) : values;
}

interface Wanted {
  stacked: boolean;
  log: boolean;
}

/**
 * layOut lays the series out. A stack is drawn from its outer end, so that fills don't cover what
 * is inside; what is negative is stacked down. Rows that need no change are not copied.
 */
export function layOut(times: readonly number[], series: readonly ChartSeries[], { stacked, log }: Wanted): Layout {
  if (!stacked) {
    const rows = series.map(({ values }) => (log ? positive(values) : values));
    return layout(times, rows, series.map((_, i) => i), series.map(() => -1), series.map(() => false));
  }
  const rows: Row[] = [];
  const order: number[] = [];
  const below: number[] = [];
  const negative: boolean[] = [];
  for (const down of [false, true]) {
    const members = series.flatMap((s, i) => (isNegative(s.values) === down ? [i] : []));
    const sums = stack(members.map((i) => series[i]!), times.length);
    const start = rows.length;
    members.toReversed().forEach((member, i) => {
      rows.push(log ? positive(sums[members.length - 1 - i]!) : sums[members.length - 1 - i]!);
      order.push(member);
      below.push(i === members.length - 1 ? -1 : start + i + 1);
      negative.push(down);
    });
  }
  return layout(times, rows, order, below, negative);
}

function layout(times: readonly number[], rows: readonly Row[], order: number[], below: number[], negative: boolean[]): Layout {
  return { data: [times, ...rows] as unknown as AlignedData, order, below, negative };
}

/** isolated lists the samples that stand between two gaps: a line has no place for them. */
export function isolated(values: Row): number[] {
  const found: number[] = [];
  let before: number | null = null;
  let candidate = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    if (value === null) {
      if (candidate >= 0) found.push(candidate);
      candidate = -1;
    } else candidate = before === null ? i : -1;
    before = value;
  }
  if (candidate >= 0) found.push(candidate);
  return found;
}

/** total is the sum of what the series are, at a point or now. */
export function total(series: readonly ChartSeries[], index: number | null): number | null {
  let sum: number | null = null;
  for (const s of series) {
    const value = valueAt(s.values, index);
    if (value !== null) sum = (sum ?? 0) + value;
  }
  return sum;
}
