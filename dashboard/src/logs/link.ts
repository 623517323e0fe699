// The address of one line, for somebody else.

import type { LogRecord } from "../api/types";
import { stringifySearch } from "../search";
import type { Span } from "./api";
import { plusNanos, sortKey } from "./moment";
import { writeLine } from "./search";

/** linkToLine keeps the page as it is, but for the times, which no longer move. */
export function linkToLine(record: LogRecord, span: Span, href = location.href): string {
  const url = new URL(href);
  const search = Object.fromEntries(url.searchParams);
  const from = sortKey(record.time) < sortKey(span.from) ? plusNanos(record.time, -300e9) : span.from;
  const to = sortKey(record.time) >= sortKey(span.to) ? plusNanos(record.time, 1e9) : span.to;
  delete search["around"];
  return url.origin + url.pathname + stringifySearch({ ...search, from, to, line: writeLine({ time: record.time, id: record.id }) });
}
