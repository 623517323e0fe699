// Range queries that are cut to a chart: as many points as it has pixels, and its largest series.

import { ApiError, request } from "./client";
import { queryRange } from "./prometheus";
import type { Labels } from "./types";

/** Which series are kept when there are more than asked for. */
export type SeriesOrder = "max" | "last" | "avg" | "name";

export interface RangeRequest {
  query: string;
  /** Unix seconds. */
  from: number;
  to: number;
  /** About how many points each series is to have. */
  points: number;
  /** How many series are answered. */
  limit: number;
  order: SeriesOrder;
  /** The finest step to evaluate at, in seconds. */
  step: number;
}

export interface RangeAnswer {
  /** Seconds between the points of the grid. */
  step: number;
  times: number[];
  series: { labels: Labels; values: (number | null)[] }[] | null;
  total_series: number;
  limit: number;
  /** Each bucket gives its smallest and its largest value. */
  reduced?: boolean;
  warnings?: string[] | null;
}

/** Servers before 0.2 don't know the call. */
let missing = false;

/** queryChart asks for what a chart draws. */
export async function queryChart(wanted: RangeRequest, signal: AbortSignal): Promise<RangeAnswer> {
  if (missing) return fromPrometheus(wanted, signal);
  try {
    const body = { ...wanted, from: iso(wanted.from), to: iso(wanted.to), step: `${wanted.step}s` };
    return await request<RangeAnswer>("/v1/query/range", { method: "POST", body, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 405)) throw error;
    missing = true;
    return fromPrometheus(wanted, signal);
  }
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

async function fromPrometheus({ query, from, to, limit, order, step }: RangeRequest, signal: AbortSignal): Promise<RangeAnswer> {
  const start = Math.ceil(from / step) * step;
  const end = Math.floor(to / step) * step;
  const result = await queryRange(query, start, end, step, signal);
  const times = Array.from({ length: Math.floor((end - start) / step + 1.001) }, (_, i) => start + i * step);
  const series = result.map(({ metric, values }) => {
    const row = Array.from<number | null>({ length: times.length }).fill(null);
    for (const [time, text] of values) {
      const value = Number(text);
      if (Number.isFinite(value)) row[Math.round((time - start) / step)] = value;
    }
    return { labels: metric, values: row };
  });
  const weight = (row: (number | null)[]) => row.reduce<number>((most, value) => Math.max(most, value ?? -Infinity), -Infinity);
  if (order !== "name") series.sort((a, b) => weight(b.values) - weight(a.values));
  return { step, times, series: series.slice(0, limit), total_series: series.length, limit };
}
