// A query over the page's time range: its history, and, while the page is live, what comes.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import { queryRange } from "../api/prometheus";
import { usePageTime } from "../time/context";
import { resolve, stepFor } from "../time/range";
import { useSocket } from "./context";
import { append, emptyFrame, fromMatrix, type Frame } from "./frame";

export interface FrameState {
  frame: Frame;
  loading: boolean;
  error: Error | undefined;
  /** The visible range in Unix seconds. */
  from: number;
  to: number;
}

/** How often new values come. */
const liveInterval = "1s";
/** Above this step nothing is gained by a stream: the page asks again from time to time. */
const longestLiveStep = 10;

interface History {
  key: string;
  frame: Frame;
  from: number;
  to: number;
}

/** A query is written for a step, because its rates must look over more than one step. */
export type QueryOfStep = (step: number) => string;

export function useFrame(query: QueryOfStep, pixels = 640): FrameState {
  const { range, live, epoch } = usePageTime();
  const socket = useSocket();
  const span = useMemo(() => resolve(range, Date.now()), [range]);
  const step = span ? stepFor(span.to - span.from, pixels) : 1;
  const promql = query(step);
  const streaming = live && step <= longestLiveStep;
  const key = JSON.stringify([promql, range.from, range.to, epoch]);

  const history = useQuery({
    queryKey: ["range", key],
    queryFn: ({ signal }) => loadHistory(key, promql, range, step, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 30_000,
    refetchInterval: live && !streaming ? Math.max(step * 1000, 15_000) : false,
  });

  const [tail, setTail] = useState<{ base: History; frame: Frame; to: number; error?: Error }>();
  const base = history.isPlaceholderData ? undefined : history.data;
  useEffect(() => {
    if (!streaming || !base) return undefined;
    let frame = base.frame;
    const width = base.to - base.from;
    return socket.subscribe({ kind: "metrics", query: promql, interval: liveInterval }, (message) => {
      if (message.type === "error") setTail({ base, frame, to: frame.times.at(-1) ?? base.to, error: new Error(message.error.detail) });
      if (message.type !== "metrics") return;
      const time = message.time / 1000;
      frame = append(frame, time, message.series ?? [], time - width);
      setTail({ base, frame, to: time });
    });
  }, [socket, streaming, base, promql]);

  const shown = tail && tail.base === base ? tail : undefined;
  const to = shown?.to ?? history.data?.to ?? (span ? span.to / 1000 : 0);
  const width = history.data ? history.data.to - history.data.from : 0;
  return {
    frame: shown?.frame ?? history.data?.frame ?? emptyFrame,
    loading: history.isPending,
    error: history.error ?? shown?.error,
    from: to - width,
    to,
  };
}

async function loadHistory(key: string, promql: string, range: { from: string; to: string }, step: number, signal: AbortSignal): Promise<History> {
  const span = resolve(range, Date.now());
  if (!span) throw new Error("The time range is empty.");
  // Whole steps, so that the same minute is the same points each time it is asked for.
  const start = Math.ceil(span.from / 1000 / step) * step;
  const end = Math.floor(span.to / 1000 / step) * step;
  const result = await queryRange(promql, start, end, step, signal);
  return { key, frame: fromMatrix(result, start, end, step), from: span.from / 1000, to: span.to / 1000 };
}
