// Log search.

import { request } from "./client";
import type { FieldValue, LogField, LogPage, LogRecord } from "./types";

/** searchLogs returns the newest records first, of a range in Unix milliseconds. */
export async function searchLogs(query: string, from: number, to: number, limit: number, signal: AbortSignal): Promise<LogRecord[]> {
  const body = { query, from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit };
  const page = await request<LogPage>("/v1/query/logs", { method: "POST", body, signal });
  return page.logs ?? [];
}

/** countByField counts the records of a range by the values of a field, the most frequent first. */
export async function countByField(field: string, query: string, from: number, to: number, limit: number, signal: AbortSignal): Promise<FieldValue[]> {
  const body = { query, from: new Date(from).toISOString(), to: new Date(to).toISOString(), fields: [field], limit };
  const answer = await request<{ fields: LogField[] | null }>("/v1/query/logs/fields", { method: "POST", body, signal });
  return answer.fields?.find((found) => found.name === field)?.values ?? [];
}
