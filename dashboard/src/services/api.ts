// What the Services pages ask the server for besides PromQL.

import { request } from "../api/client";
import type { Schemas } from "../api/types";

export type Service = Schemas["Service"];

const iso = (millis: number) => new Date(millis).toISOString();

/** listServices returns whoever sent something in a range, given in Unix milliseconds. */
export async function listServices(from: number, to: number, signal: AbortSignal): Promise<Service[]> {
  const params = new URLSearchParams({ from: iso(from), to: iso(to) });
  return (await request<Schemas["ServiceList"]>(`/v1/services?${params.toString()}`, { signal })).services;
}

export interface LogBuckets {
  /** Unix seconds at which buckets begin. */
  times: number[];
  /** Seconds that a bucket is long. */
  step: number;
  /** For each value, its count in each bucket. */
  counts: Map<string, number[]>;
}

type HistogramAnswer = Pick<Schemas["LogHistogram"], "buckets" | "step_seconds" | "from" | "to">;

/** countOverTime counts log lines by a field in about so many buckets of equal length. */
export async function countOverTime(query: string, by: string, range: { from: number; to: number }, buckets: number, limit: number, signal: AbortSignal): Promise<LogBuckets> {
  const body = { query, by, from: iso(range.from), to: iso(range.to), buckets, limit };
  return bucketsOf(await request<HistogramAnswer>("/v1/query/logs/histogram", { method: "POST", body, signal }));
}

/** bucketsOf lays the counts on a whole grid, with zeros where nothing was. */
export function bucketsOf(answer: HistogramAnswer): LogBuckets {
  const step = answer.step_seconds;
  const first = Date.parse(answer.from) / 1000;
  const length = Math.max(0, Math.round((Date.parse(answer.to) / 1000 - first) / step));
  const times = Array.from({ length }, (_, i) => first + i * step);
  const counts = new Map<string, number[]>();
  for (const { time, count, by: value = "", other } of answer.buckets) {
    const by = other ? "other" : value;
    const row = counts.get(by) ?? times.map(() => 0);
    counts.set(by, row);
    const at = Math.round((Date.parse(time) / 1000 - first) / step);
    if (at >= 0 && at < length) row[at] = (row[at] ?? 0) + count;
  }
  return { times, step, counts };
}
