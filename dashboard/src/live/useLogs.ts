// The newest log lines of the page's time range, and, while the page is live, those that come.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { searchLogs } from "../api/logs";
import type { LogRecord } from "../api/types";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { useSocket } from "./context";

export interface LogsState {
  /** Newest first. */
  logs: LogRecord[];
  loading: boolean;
  error: Error | undefined;
  /** How many have come since the list was held. */
  waiting: number;
}

/** merge puts new records before older ones, each once, and keeps the newest. */
export function merge(older: LogRecord[], newer: LogRecord[], limit: number): LogRecord[] {
  const seen = new Set<string>();
  return [...newer, ...older]
    .filter((record) => !seen.has(record.id) && seen.add(record.id))
    .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))
    .slice(0, limit);
}

/** useLogs follows a filter. While `hold` is true the list stands still for its reader. */
export function useLogs(query: string, limit: number, hold: boolean): LogsState {
  const { range, live, epoch } = usePageTime();
  const socket = useSocket();
  const key = JSON.stringify([query, range.from, range.to, limit, epoch]);
  const history = useQuery({
    queryKey: ["logs", key],
    queryFn: async ({ signal }) => {
      const span = resolve(range, Date.now());
      if (!span) throw new Error("The time range is empty.");
      return searchLogs(query, span.from, span.to, limit, signal);
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 30_000,
  });

  const [arrived, setArrived] = useState<{ key: string; logs: LogRecord[] }>({ key, logs: [] });
  useEffect(() => {
    if (!live) return undefined;
    return socket.subscribe({ kind: "logs", query }, (message) => {
      if (message.type !== "logs" || !message.logs?.length) return;
      const fresh = message.logs;
      setArrived((before) => ({ key, logs: merge(before.key === key ? before.logs : [], fresh, limit) }));
    });
  }, [socket, live, query, key, limit]);

  const all = merge(history.data ?? [], arrived.key === key ? arrived.logs : [], limit);
  const held = useRef<LogRecord[]>(undefined);
  if (!hold) held.current = undefined;
  else held.current ??= all;
  const logs = held.current ?? all;
  const known = new Set(logs.map((record) => record.id));
  return {
    logs,
    loading: history.isPending,
    error: history.error ?? undefined,
    waiting: hold ? all.filter((record) => !known.has(record.id)).length : 0,
  };
}
