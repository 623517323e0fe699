// From a frame to what uPlot draws.

import type { AlignedData } from "uplot";

import { valueAt, type Frame } from "../live/frame";

export interface ChartSeries {
  key: string;
  label: string;
  colour: string;
  values: readonly (number | null)[];
}

/** stack adds each series onto the ones before it; a gap counts as nothing, unless all are gaps. */
export function stack(series: readonly ChartSeries[], length: number): (number | null)[][] {
  const sum: (number | null)[] = Array.from({ length }, () => null);
  return series.map((s) =>
    s.values.map((value, i) => {
      if (value !== null && value !== undefined) sum[i] = (sum[i] ?? 0) + value;
      return sum[i] ?? null;
    }),
  );
}

/** toAligned lays the series out; a stack is drawn from its top, so that fills don't cover. */
export function toAligned(frame: Frame, series: readonly ChartSeries[], stacked: boolean): AlignedData {
  const rows = stacked ? stack(series, frame.times.length).toReversed() : series.map((s) => [...s.values]);
  return [frame.times, ...rows] as AlignedData;
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

/** niceMax is the end of an axis that starts at zero and holds a value with some room. */
export function niceMax(value: number, base: 1000 | 1024): number {
  if (!(value > 0)) return 1;
  const wanted = value * 1.08;
  let unit = 1;
  while (unit * base <= wanted) unit *= base;
  const inUnit = wanted / unit;
  const magnitude = 10 ** Math.floor(Math.log10(inUnit));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((s) => s * magnitude >= inUnit) ?? 10;
  return step * magnitude * unit;
}

/** ticks are the marks of an axis from zero to max: a half and the whole. */
export function ticks(max: number): number[] {
  return [0, max / 2, max];
}
