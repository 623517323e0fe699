// The metrics of a panel: all its queries at once over the page's time, with variables filled in
// and every series named.

import { useEffect, useMemo } from "react";

import type { Panel } from "../../api/dashboards";
import { seriesNames } from "../../query/names";
import { useRangeQueries, type RangeResult } from "../../query/useRangeQueries";
import { builtins, interpolate, parseDuration, type VariableValues } from "../../query/variables";
import { usePageTime } from "../../time/context";
import { resolve } from "../../time/range";
import type { PanelNotice } from "../context";
import { isLogsQuery, textOf } from "../document";
import { align, type NamedFrame } from "./data";

export interface PanelSeries {
  frame: NamedFrame;
  results: RangeResult[];
  /** How many queries say something. */
  asked: number;
  from: number;
  to: number;
  loading: boolean;
  /** Of the first query that failed. */
  error: Error | undefined;
  notice: PanelNotice | undefined;
  refetch: () => void;
}

/** useSpan is the page's range in Unix seconds, the same until something is asked again. */
export function useSpan(): { from: number; to: number } {
  const { range, epoch } = usePageTime();
  return useMemo(() => {
    void epoch;
    const span = resolve(range, Date.now());
    return span ? { from: span.from / 1000, to: span.to / 1000 } : { from: 0, to: 1 };
  }, [range, epoch]);
}

interface Options {
  width: number;
  visible: boolean;
  limit?: number;
}

export function usePanelSeries(panel: Panel, values: VariableValues, { width, visible, limit = 50 }: Options): PanelSeries {
  const span = useSpan();
  const queries = useMemo(() => (panel.spec.queries ?? []).filter((query) => !isLogsQuery(query)), [panel.spec.queries]);
  const specs = useMemo(
    () =>
      queries.map((query, i) => {
        const { seriesNameFormat, minStep } = query.spec.plugin.spec;
        const least = parseDuration(interpolate(minStep ?? "", values, "text").text);
        return {
          key: String(i),
          minStep: least,
          format: seriesNameFormat ? interpolate(seriesNameFormat, values, "text").text : undefined,
          query: (step: number) => interpolate(textOf(query), { ...values, ...builtins(step, span.from, span.to, least) }).text,
        };
      }),
    [queries, values, span],
  );
  const answer = useRangeQueries(specs, { pixels: width, limit, enabled: visible });
  const { results } = answer;
  const frames = results.map((result) => result.frame);
  const frame = useMemo(
    () => named(frames, specs.map((spec) => spec.format), results.map((result) => result.query)),
    // The frames are new only when an answer is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [...frames, specs],
  );
  const problems = useMemo(() => [...new Set(queries.flatMap((query) => interpolate(textOf(query), { ...values, ...builtins(1, 0, 1) }).problems))], [queries, values]);
  return {
    frame,
    results,
    asked: queries.filter((query) => textOf(query).trim() !== "").length,
    from: answer.from,
    to: answer.to,
    loading: answer.loading,
    error: results.find((result) => result.error)?.error,
    notice: noticeOf(results, problems, answer),
    refetch: answer.refetch,
  };
}

/** named puts the frames on one axis and names their series; names that several queries give stay apart. */
export function named(frames: readonly { times: number[]; series: { key: string; labels: Record<string, string>; values: (number | null)[] }[] }[], formats: readonly (string | undefined)[], queries: readonly string[]): NamedFrame {
  const aligned = align(frames);
  const times = aligned.find((frame) => frame.times.length > 0)?.times ?? [];
  const series = aligned.flatMap((frame, query) => {
    const names = seriesNames(
      frame.series.map((one) => one.labels),
      formats[query],
      queries[query] ?? "",
    );
    return frame.series.map((one, i) => ({ ...one, key: `${query} ${one.key}`, name: names[i] ?? "", query }));
  });
  return { times, series };
}

function noticeOf(results: readonly RangeResult[], variableProblems: readonly string[], answer: { fetching: boolean; showMore: () => void }): PanelNotice | undefined {
  const shown = results.reduce((sum, result) => sum + result.frame.series.length, 0);
  const total = results.reduce((sum, result) => sum + Math.max(result.totalSeries, result.frame.series.length), 0);
  const warnings = [...variableProblems, ...results.flatMap((result) => result.warnings)];
  return {
    ...(total > shown && shown > 0 ? { capped: `${shown} of ${total} series`, more: answer.showMore } : {}),
    ...(warnings.length > 0 ? { problems: [...new Set(warnings)] } : {}),
    fetching: answer.fetching,
  };
}

/** useNotice tells the head of the panel, when there is something else to say. */
export function useNotice(notice: PanelNotice | undefined, tell: ((notice: PanelNotice | undefined) => void) | undefined): void {
  const key = JSON.stringify([notice?.capped, notice?.problems, notice?.fetching]);
  useEffect(() => {
    tell?.(notice);
    // What it says decides, not that it is another object.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, tell]);
}
