// The Prometheus API of the server.

import { ApiError, request } from "./client";
import type { InstantSeries, PrometheusAnswer, RangeSeries } from "./types";

function ask<T>(path: string, params: Record<string, string>, signal: AbortSignal): Promise<T> {
  return askURL<T>(`${path}?${new URLSearchParams(params).toString()}`, signal);
}

async function askURL<T>(url: string, signal: AbortSignal): Promise<T> {
  const answer = await request<PrometheusAnswer<T>>(url, { signal });
  if (answer.status !== "success" || answer.data === undefined) {
    throw new ApiError(200, answer.errorType ?? "unknown", answer.error ?? "The query was not answered.");
  }
  return answer.data;
}

/** queryRange evaluates a query at every step of a range given in Unix seconds. */
export async function queryRange(query: string, start: number, end: number, step: number, signal: AbortSignal): Promise<RangeSeries[]> {
  const params = { query, start: String(start), end: String(end), step: String(step) };
  return (await ask<{ result: RangeSeries[] }>("/api/v1/query_range", params, signal)).result;
}

/** queryInstant evaluates a query at one moment, in Unix seconds; now when it is left out. */
export async function queryInstant(query: string, time: number | undefined, signal: AbortSignal): Promise<InstantSeries[]> {
  const params: Record<string, string> = time === undefined ? { query } : { query, time: String(time) };
  return (await ask<{ result: InstantSeries[] }>("/api/v1/query", params, signal)).result;
}

/** labelValues lists the values that a label has on the series of a selector. */
export function labelValues(label: string, selector: string, start: number, end: number, signal: AbortSignal): Promise<string[]> {
  const params = { "match[]": selector, start: String(start), end: String(end) };
  return ask<string[]>(`/api/v1/label/${encodeURIComponent(label)}/values`, params, signal);
}

function matching(selector: string | undefined, start: number, end: number): Record<string, string> {
  return { ...(selector === undefined ? {} : { "match[]": selector }), start: String(start), end: String(end) };
}

/** metricNames lists the names that series have, of all series or of a selector's. */
export function metricNames(selector: string | undefined, start: number, end: number, signal: AbortSignal): Promise<string[]> {
  return ask<string[]>("/api/v1/label/__name__/values", matching(selector, start, end), signal);
}

/** labelNames lists the labels that the series of a selector have. */
export function labelNames(selector: string | undefined, start: number, end: number, signal: AbortSignal): Promise<string[]> {
  return ask<string[]>("/api/v1/labels", matching(selector, start, end), signal);
}

/** metricMetadata is what the senders say of their metrics: type, unit and help. */
export function metricMetadata(signal: AbortSignal): Promise<Record<string, { type: string; unit: string; help: string }[]>> {
  return ask("/api/v1/metadata", {}, signal);
}

/** labelValuesOf lists the values that a label has on the series of any of the selectors; of all without one. */
export function labelValuesOf(label: string, selectors: readonly string[], start: number, end: number, signal: AbortSignal): Promise<string[]> {
  const params = new URLSearchParams({ start: String(start), end: String(end) });
  for (const selector of selectors) params.append("match[]", selector);
  return askURL<string[]>(`/api/v1/label/${encodeURIComponent(label)}/values?${params.toString()}`, signal);
}
