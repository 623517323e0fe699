// The answers to the page's queries: as frames for charts, with names, and what went wrong.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";

import { readError, type QueryError } from "../editor/errors";
import type { Unit } from "../format/units";
import { isUnit } from "../format/units";
import type { Labels } from "../api/types";
import type { Frame } from "../live/frame";
import { seriesNames } from "../query/names";
import { useRangeQueries, type RangeResult } from "../query/useRangeQueries";
import { useSampleIntervals } from "../query/useSampleIntervals";
import { builtins, interpolate } from "../query/variables";
import { ApiError, unreachable } from "../api/client";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { mergeFrames, type MergedFrame } from "./merge";
import { letterOf, type MetricsState } from "./search";
import { unitOfQuery, type MetadataUnit } from "./units";

export interface NamedSeries {
  key: string;
  labels: Labels;
  values: readonly (number | null | undefined)[];
  label: string;
  /** The place of the query that it belongs to. */
  query: number;
}

export interface QueryResult extends RangeResult {
  /** What is wrong with the query, where it is. */
  fault: QueryError | undefined;
  /** The question is not complete before the interval of its samples is known. */
  waiting: boolean;
}

export interface Results {
  results: QueryResult[];
  frame: MergedFrame;
  series: NamedSeries[];
  from: number;
  to: number;
  unit: Unit;
  /** The unit that the queries have by themselves; undefined when they have different ones. */
  ownUnit: Unit | undefined;
  /** The unit of each query, or the one that was chosen for all. */
  units: Unit[];
  loading: boolean;
  fetching: boolean;
  /** The server can't be reached or has a trouble that is not the query's. */
  outage: Error | undefined;
  cancelled: boolean;
  cancel: () => void;
  refetch: () => void;
  showMore: () => void;
  /** texts are the queries as the server is asked, with the intervals filled in. */
  texts: string[];
}

/** isFault says that an error is about the query, and not about the server. */
function isFault(error: Error | undefined): error is Error {
  return error !== undefined && (!(error instanceof ApiError) || (error.status >= 400 && error.status < 500 && ![401, 403, 404, 408, 429].includes(error.status)) || error.status === 200);
}

export function faultOf(error: Error | undefined, asked: string, text: string): QueryError | undefined {
  if (!isFault(error) || (error instanceof ApiError && error.status === unreachable)) return undefined;
  const fault = readError(error.message, asked);
  // Where intervals were filled in, a position is not that of the text in the editor.
  return asked === text ? fault : { message: fault.message };
}

export function useResults({ queries, unit: chosen }: MetricsState, metadataUnit: MetadataUnit, pixels: number): Results {
  const { range, epoch } = usePageTime();
  const client = useQueryClient();
  const texts = queries.map((query) => (query.hidden ? "" : query.text));
  const intervals = useSampleIntervals(texts);
  const span = useMemo(() => resolve(range, Date.now()), [range]);
  const filled = (text: string, step: number, interval: number) => interpolate(text, builtins(step, (span?.from ?? 0) / 1000, (span?.to ?? 0) / 1000, interval)).text;

  const answers = useRangeQueries(
    queries.map((entry, i) => {
      const interval = intervals[i];
      const text = texts[i] ?? "";
      return { key: letterOf(i), format: entry.legend, query: (step) => (interval === undefined ? "" : filled(text, step, interval)) };
    }),
    { pixels },
  );

  const results = answers.results.map((result, i): QueryResult => {
    const waiting = intervals[i] === undefined;
    return { ...result, waiting, loading: result.loading || waiting, fault: faultOf(result.error, result.query, queries[i]?.text ?? "") };
  });

  const frames = answers.results.map((result) => result.frame);
  const frame = useMerged(frames, answers.step);
  const series = useMemo(() => named(frame, queries), [frame, queries]);

  const units = useMemo(() => queries.map((query) => (query.hidden || query.text === "" ? undefined : (unitOfQuery(query.text, metadataUnit) ?? "count"))), [queries, metadataUnit]);
  const different = new Set(units.filter((unit, i) => unit !== undefined && (results[i]?.frame.series.length ?? 0) > 0));
  const own = different.size > 1 ? undefined : ([...different][0] ?? units.find((unit) => unit !== undefined) ?? "count");

  const question = JSON.stringify([texts, range, epoch]);
  const [cancelledAt, setCancelledAt] = useState<string>();
  const cancel = useCallback(() => {
    setCancelledAt(question);
    void client.cancelQueries({ queryKey: ["chart"] });
  }, [client, question]);
  const fetching = answers.fetching || results.some((result) => result.waiting);
  const cancelled = cancelledAt === question && !fetching;

  return {
    results,
    frame,
    series,
    from: answers.from,
    to: answers.to,
    unit: isUnit(chosen) ? chosen : (own ?? "count"),
    ownUnit: own,
    units: units.map((unit) => (isUnit(chosen) ? chosen : (unit ?? "count"))),
    loading: results.some((result) => result.loading) && !cancelled,
    fetching,
    outage: results.find((result) => result.error && !result.fault)?.error,
    cancelled,
    cancel,
    refetch: () => {
      setCancelledAt(undefined);
      answers.refetch();
    },
    showMore: answers.showMore,
    texts: answers.results.map((result) => result.query),
  };
}

/** useMerged merges again only when a frame is another one. */
function useMerged(frames: readonly Frame[], step: number): MergedFrame {
  const [state, setState] = useState({ frames, step, merged: mergeFrames(frames, step) });
  const same = state.step === step && state.frames.length === frames.length && frames.every((frame, i) => frame === state.frames[i]);
  if (same) return state.merged;
  const next = { frames, step, merged: mergeFrames(frames, step) };
  setState(next);
  return next.merged;
}

/** named gives each series the name that its query's format or its labels make. */
function named(frame: MergedFrame, queries: MetricsState["queries"]): NamedSeries[] {
  const shown = queries.filter((query) => !query.hidden && query.text !== "").length;
  return queries.flatMap((query, place) => {
    const own = frame.series.filter((series) => series.key.startsWith(`${place}:`));
    const names = seriesNames(own.map((series) => series.labels), query.legend === "" ? undefined : query.legend, query.text);
    // Without a format of its own, a name may be that of another query's series too.
    const before = shown > 1 && query.legend === "" ? `${letterOf(place)}: ` : "";
    return own.map((series, i) => ({ ...series, query: place, label: before + (names[i] ?? query.text) }));
  });
}

/** useSlow is true when something takes longer than that. */
export function useSlow(busy: boolean, millis = 1500): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setTimeout(() => setSlow(true), millis);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [busy, millis]);
  return slow && busy;
}
