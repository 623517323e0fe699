// PromQL over the page's time range, for charts: the history of several queries at once, cut to
// the pixels and the largest series, and, while the page is live, what comes.

import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";

import { queryChart, type RangeAnswer, type SeriesOrder } from "../api/range";
import { useSocket } from "../live/context";
import { append, emptyFrame, keyOf, type Frame } from "../live/frame";
import type { LiveSocket } from "../live/socket";
import { usePageTime } from "../time/context";
import { resolve, stepFor, type TimeRange } from "../time/range";
import { distinct } from "./distinct";
import { useKept } from "./useKept";

/** A query is written for a step where its rates must look over more than one step. */
export type QueryText = string | ((step: number) => string);

export interface RangeQuerySpec {
  /** Tells the queries of a page apart; it stays when the query is edited. */
  key: string;
  query: QueryText;
  /** How series are named, such as "{{host_name}}". */
  format?: string | undefined;
  /** The finest step in seconds. */
  minStep?: number | undefined;
}

export interface RangeOptions {
  /** The width of the chart. */
  pixels?: number;
  /** How many series of each query are asked for at first. */
  limit?: number;
  order?: SeriesOrder;
  enabled?: boolean;
  /** Another range than the page's, such as that of a panel. */
  range?: TimeRange | undefined;
}

export interface RangeResult {
  key: string;
  /** The query as it was asked. */
  query: string;
  frame: Frame;
  /** Seconds between points. */
  step: number;
  /** How many series there are; the frame has the largest `limit` of them. */
  totalSeries: number;
  limit: number;
  /** True until the first answer. */
  loading: boolean;
  /** An answer is under way; what is shown is older. */
  fetching: boolean;
  error: Error | undefined;
  warnings: string[];
}

export interface RangeQueries {
  results: RangeResult[];
  /** The visible range in Unix seconds. */
  from: number;
  to: number;
  /** The step that queries are written for, in seconds. */
  step: number;
  loading: boolean;
  fetching: boolean;
  /** Asks for more series of every query. */
  showMore: () => void;
  refetch: () => void;
}

export const defaultLimit = 50;
export const largestLimit = 1000;

/** How often new values come. */
const liveInterval = "1s";
/** Above this step nothing is gained by a stream: the page asks again from time to time. */
const longestLiveStep = 10;

interface History {
  /** The range that was asked for, in words. */
  of: string;
  frame: Frame;
  from: number;
  to: number;
  answer: Pick<RangeAnswer, "step" | "total_series" | "limit" | "warnings">;
}

interface Tail {
  base: History;
  frame: Frame;
  to: number;
  total: number;
  error?: Error;
}

/** moreOf is the next limit after "show more". */
export function moreOf(limit: number): number {
  return Math.min(largestLimit, limit * 4);
}

/** pointsOf keeps the number of points while a window is dragged: each other number asks again. */
export function pointsOf(pixels: number): number {
  return Math.min(5000, Math.max(100, Math.ceil(pixels / 160) * 160));
}

export function useRangeQueries(specs: readonly RangeQuerySpec[], options: RangeOptions = {}): RangeQueries {
  const { pixels = 640, limit: firstLimit = defaultLimit, order = "max", enabled = true } = options;
  const page = usePageTime();
  const range = options.range ?? page.range;
  const live = page.live && options.range === undefined;
  const { epoch } = page;

  const [limits, setLimits] = useState({ first: firstLimit, limit: firstLimit });
  const limit = limits.first === firstLimit ? limits.limit : firstLimit;
  const showMore = useCallback(
    () => setLimits((now) => ({ first: firstLimit, limit: moreOf(now.first === firstLimit ? now.limit : firstLimit) })),
    [firstLimit],
  );

  const span = useMemo(() => resolve(range, Date.now()), [range]);
  const points = pointsOf(pixels);
  const step = span ? stepFor(span.to - span.from, points) : 1;
  const asked = specs.map((spec) => {
    const own = Math.max(step, spec.minStep ?? 0);
    return { key: spec.key, step: own, finest: spec.minStep, query: typeof spec.query === "string" ? spec.query : spec.query(own) };
  });
  const streaming = live && step <= longestLiveStep;

  const { unique, places } = distinct(asked, (one) => `${one.finest ?? ""} ${one.query}`);
  const answers = useQueries({
    queries: unique.map(({ query, finest }) => ({
      queryKey: ["chart", query, finest, points, limit, order, range.from, range.to, epoch],
      queryFn: ({ signal }: { signal: AbortSignal }) => load({ query, points, limit, order, step: finest }, range, signal),
      enabled: enabled && query.trim() !== "",
      staleTime: Infinity,
      gcTime: 30_000,
      refetchInterval: live && !streaming ? Math.max(step * 1000, 15_000) : (false as const),
    })),
  });
  const histories = places.map((place) => answers[place]!);
  const bases = histories.map((history) => history.data);
  const tails = useTails(asked, bases, { streaming: streaming && enabled, limit, order });
  const shown = useKept(
    asked.map(({ key, query }) => (query.trim() === "" ? undefined : key)),
    bases.map((base, i) => withTail(base, tails[i])),
  );

  const results = asked.map(({ key, query, step: own }, i): RangeResult => {
    const history = histories[i];
    const { frame, answer } = shown[i] ?? {};
    return {
      key,
      query,
      frame: frame ?? emptyFrame,
      step: answer?.step ?? own,
      totalSeries: answer?.total_series ?? 0,
      limit: answer?.limit ?? limit,
      loading: enabled && query.trim() !== "" && shown[i] === undefined && (history?.isPending ?? true),
      fetching: history?.isFetching ?? false,
      error: history?.error ?? stillFailing(history) ?? tails[i]?.error,
      warnings: answer?.warnings ?? [],
    };
  });

  // All of them end where the newest does, so that they share one axis. Another range is shown at
  // once: what is there of it moves to its place before the rest comes.
  const newest = shown.reduce<History | undefined>((last, one) => (one?.of === wordsOf(range) && (!last || one.to > last.to) ? one : last), undefined);
  const to = newest?.to ?? (span ? span.to / 1000 : 0);
  const width = newest ? newest.to - newest.from : span ? (span.to - span.from) / 1000 : 0;
  return {
    results,
    from: to - width,
    to,
    step,
    loading: results.some((result) => result.loading),
    fetching: results.some((result) => result.fetching),
    showMore,
    refetch: () => answers.forEach((answer) => void answer.refetch()),
  };
}

const wordsOf = (range: TimeRange) => `${range.from} ${range.to}`;

/** withTail is the history with what came after it. */
function withTail(base: History | undefined, tail: Tail | undefined): History | undefined {
  if (!base || !tail) return base;
  return { of: base.of, frame: tail.frame, from: tail.to - (base.to - base.from), to: tail.to, answer: { ...base.answer, total_series: tail.total } };
}

type Question = Pick<Parameters<typeof queryChart>[0], "query" | "points" | "limit" | "order" | "step">;

async function load(question: Question, range: TimeRange, signal: AbortSignal): Promise<History> {
  const span = resolve(range, Date.now());
  if (!span) throw new Error("The time range is empty.");
  const from = span.from / 1000;
  const to = span.to / 1000;
  const answer = await queryChart({ ...question, from, to }, signal);
  return { of: wordsOf(range), frame: frameOf(answer), from, to, answer };
}

/** frameOf is an answer as charts take it: the server's rows as they are, without a copy. */
export function frameOf(answer: Pick<RangeAnswer, "times" | "series">): Frame {
  return {
    times: answer.times,
    series: answer.series.map(({ labels, values }) => ({ key: keyOf(labels), labels, values })),
  };
}

interface Streaming {
  streaming: boolean;
  limit: number;
  order: SeriesOrder;
}

/** useTails follows each query whose history is there, and adds what comes to its end. */
function useTails(asked: readonly { query: string }[], bases: readonly (History | undefined)[], { streaming, limit, order }: Streaming): (Tail | undefined)[] {
  const socket = useSocket();
  const [tails, setTails] = useState<ReadonlyMap<History, Tail>>(new Map());
  const queries = JSON.stringify(asked.map(({ query }) => query));
  const stable = useStable(bases);

  useEffect(() => {
    if (!streaming) return undefined;
    const texts = JSON.parse(queries) as string[];
    const waiting = new Map<History, Tail>();
    let frame = 0;
    // What comes for several queries in one moment is drawn once.
    const flush = () => {
      frame = 0;
      const fresh = [...waiting];
      waiting.clear();
      setTails((before) => new Map([...[...before].filter(([base]) => stable.includes(base)), ...fresh]));
    };
    const receive = (tail: Tail) => {
      waiting.set(tail.base, tail);
      frame ||= setTimeout(flush, 0) as unknown as number;
    };
    const leave = texts.map((query, i) => {
      const base = stable[i];
      const again = base !== undefined && stable.indexOf(base) < i;
      return base && !again && query.trim() !== "" ? follow(socket, { query, limit, order }, base, receive) : undefined;
    });
    return () => {
      clearTimeout(frame);
      leave.forEach((stop) => stop?.());
    };
  }, [socket, streaming, queries, stable, limit, order]);

  return bases.map((base) => (base && streaming ? tails.get(base) : undefined));
}

/** stillFailing is why an answer does not come although it was asked for more than once; it is tried again. */
function stillFailing(history: { failureCount: number; failureReason: Error | null } | undefined): Error | undefined {
  return history && history.failureCount > 1 ? (history.failureReason ?? undefined) : undefined;
}

/** useStable returns the same list while its members are the same. */
function useStable<T>(list: readonly T[]): readonly T[] {
  const [stable, setStable] = useState(list);
  const same = stable.length === list.length && list.every((member, i) => member === stable[i]);
  if (!same) setStable(list);
  return same ? stable : list;
}

function follow(socket: LiveSocket, question: { query: string; limit: number; order: SeriesOrder }, base: History, receive: (tail: Tail) => void): () => void {
  const width = base.to - base.from;
  let tail: Tail = { base, frame: base.frame, to: base.to, total: base.answer.total_series };
  return socket.subscribe({ kind: "metrics", interval: liveInterval, ...question }, (message) => {
    if (message.type === "error") tail = { ...tail, error: new Error(message.error.detail) };
    else if (message.type === "metrics") {
      const time = message.time / 1000;
      const frame = append(tail.frame, time, message.series ?? [], time - width);
      tail = { base, frame, to: Math.max(time, tail.to), total: message.total_series ?? Math.max(base.answer.total_series, frame.series.length) };
    }
    receive(tail);
  });
}
