// Log search.

import { request } from "./client";
import type { LogPage, LogRecord } from "./types";

/** searchLogs returns the newest records first, of a range in Unix milliseconds. */
export async function searchLogs(query: string, from: number, to: number, limit: number, signal: AbortSignal): Promise<LogRecord[]> {
  const body = { query, from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit };
  const page = await request<LogPage>("/v1/query/logs", { method: "POST", body, signal });
  return page.logs ?? [];
}
