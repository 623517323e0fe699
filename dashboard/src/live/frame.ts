// A frame is what a chart draws: one time axis and, for each series, a value or a gap at each
// of its points. History fills it, then live values are added at its end.

import type { Labels, RangeSeries } from "../api/types";

export interface FrameSeries {
  key: string;
  labels: Labels;
  values: (number | null)[];
}

export interface Frame {
  /** Unix seconds, ascending. */
  times: number[];
  series: FrameSeries[];
}

export const emptyFrame: Frame = { times: [], series: [] };

/** keyOf is the identity of a series. */
export function keyOf(labels: Labels): string {
  return Object.keys(labels)
    .toSorted()
    .map((name) => `${name}=${labels[name]}`)
    .join(",");
}

function toNumber(value: number | string): number | null {
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** fromMatrix lays the answer of query_range on its whole grid, so that holes stay visible. */
export function fromMatrix(result: RangeSeries[], start: number, end: number, step: number): Frame {
  const times: number[] = [];
  for (let i = 0; start + i * step <= end + step / 1000; i++) times.push(start + i * step);
  const series = result.map(({ metric, values }) => {
    const row: (number | null)[] = Array.from({ length: times.length }, () => null);
    for (const [time, value] of values) {
      const at = Math.round((time - start) / step);
      if (at >= 0 && at < row.length) row[at] = toNumber(value);
    }
    return { key: keyOf(metric), labels: metric, values: row };
  });
  return { times, series };
}

/**
 * append adds what all series are at one time. Points before `from` are let go. A time that is
 * not after the last one is history already, and changes nothing.
 */
export function append(frame: Frame, time: number, points: { labels: Labels; value: number | string }[], from: number): Frame {
  const last = frame.times.at(-1);
  if (last !== undefined && time <= last) return frame;
  let cut = frame.times.findIndex((t) => t >= from);
  if (cut < 0) cut = frame.times.length;

  const fresh = new Map(points.map((point) => [keyOf(point.labels), point]));
  const series = frame.series.map((s) => {
    const point = fresh.get(s.key);
    fresh.delete(s.key);
    const values = s.values.slice(cut);
    values.push(point ? toNumber(point.value) : null);
    return { ...s, values };
  });
  const length = frame.times.length - cut;
  for (const [key, point] of fresh) {
    const values: (number | null)[] = Array.from({ length }, () => null);
    values.push(toNumber(point.value));
    series.push({ key, labels: point.labels, values });
  }
  return {
    times: [...frame.times.slice(cut), time],
    series: series.filter((s) => s.values.some((value) => value !== null)),
  };
}

/** lastTimeOf is the time of the newest point that any series has. */
export function lastTimeOf(frame: Frame): number | undefined {
  for (let i = frame.times.length - 1; i >= 0; i--) {
    if (frame.series.some((s) => s.values[i] !== null)) return frame.times[i];
  }
  return undefined;
}

/**
 * valueAt is a series' value at a point; without one, its newest value within the last few. A point
 * that only another query's grid has (undefined) shows the value before it.
 */
export function valueAt(values: readonly (number | null | undefined)[], index: number | null): number | null {
  if (index !== null) {
    let at = index;
    while (at > 0 && at < values.length && values[at] === undefined) at -= 1;
    return values[at] ?? null;
  }
  for (let i = values.length - 1; i >= Math.max(0, values.length - 5); i--) {
    const value = values[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/** pick returns the series with one label value. */
export function pick(frame: Frame, label: string, value: string): FrameSeries | undefined {
  return frame.series.find((s) => s.labels[label] === value);
}
