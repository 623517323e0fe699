// The log queries of the server that this page asks.

import { request } from "../api/client";
import type { FieldValue, LogField, LogPage } from "../api/types";
import type { Order } from "./search";

/** A range of time as the server takes it: RFC 3339, the start included, the end not. */
export interface Span {
  from: string;
  to: string;
}

export interface PageRequest extends Span {
  order: Order;
  limit: number;
  cursor?: string | undefined;
}

export async function fetchPage(query: string, { order, cursor, ...page }: PageRequest, signal: AbortSignal): Promise<LogPage> {
  const body = { query, ...page, ...(order === "asc" ? { order } : {}), ...(cursor ? { cursor } : {}) };
  return request<LogPage>("/v1/query/logs", { method: "POST", body, signal });
}

export interface Bucket {
  /** Unix milliseconds of its start. */
  time: number;
  /** The value of the field counted by; "" when there is none. */
  by: string;
  /** All the rarer values. */
  other: boolean;
  count: number;
}

export interface HistogramAnswer {
  buckets: Bucket[];
  /** Milliseconds of a bucket. */
  step: number;
}

export async function fetchHistogram(query: string, span: Span, step: number, by: string, signal: AbortSignal): Promise<HistogramAnswer> {
  const body = { query, ...span, step: `${step}ms`, limit: 7, ...(by === "" ? {} : { by }) };
  const answer = await request<{ buckets: { time: string; by?: string; other?: boolean; count: number }[] | null }>("/v1/query/logs/histogram", { method: "POST", body, signal });
  return { step, buckets: (answer.buckets ?? []).map((bucket) => ({ time: Date.parse(bucket.time), by: bucket.by ?? "", other: bucket.other ?? false, count: bucket.count })) };
}

/** fetchFields counts the values of fields; of every field that occurs when none is named. */
export async function fetchFields(query: string, span: Span, fields: readonly string[], limit: number, signal: AbortSignal): Promise<LogField[]> {
  const body = { query, ...span, limit, ...(fields.length > 0 ? { fields } : {}) };
  const answer = await request<{ fields: LogField[] | null }>("/v1/query/logs/fields", { method: "POST", body, signal });
  return answer.fields ?? [];
}

export async function fetchValues(query: string, span: Span, field: string, limit: number, signal: AbortSignal): Promise<FieldValue[]> {
  const fields = await fetchFields(query, span, [field], limit, signal);
  return fields[0]?.values ?? [];
}

/** countLines counts what a filter finds. */
export async function countLines(query: string, span: Span, signal: AbortSignal): Promise<number> {
  const length = Date.parse(span.to) - Date.parse(span.from);
  const answer = await fetchHistogram(query, span, Math.max(1, length), "", signal);
  return answer.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
}

/** exportHref is the address of a download. */
export function exportHref(query: string, span: Span, format: "ndjson" | "csv", fields: readonly string[], order: Order): string {
  const params = new URLSearchParams({ query, ...span, format, order });
  if (fields.length > 0) params.set("fields", fields.join(","));
  return `/v1/query/logs/export?${params.toString()}`;
}
