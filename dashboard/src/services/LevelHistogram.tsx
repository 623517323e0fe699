// How many log lines a filter finds over time, by level.

import { useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { ChartSeries } from "../chart/data";
import { TimeChart } from "../chart/TimeChart";
import { format } from "../format/units";
import { severity } from "../overview/LogsPanel";
import type { Frame } from "../live/frame";
import type { Scheme } from "../theme";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { useZoom } from "../time/useZoom";
import { Panel } from "../ui/Panel";
import { countOverTime, type LogBuckets } from "./api";

type Severity = ReturnType<typeof severity>;

const names: Record<Severity, string> = { error: "Error", warn: "Warning", info: "Info", debug: "Debug", none: "No level" };

const colours: Record<Scheme, Record<Severity, string>> = {
  light: { error: "#c4302b", warn: "#b98300", info: "#0c93f6", debug: "#8a94a3", none: "#5b6675" },
  dark: { error: "#ff7b72", warn: "#e2b340", info: "#428ff7", debug: "#6c7889", none: "#97a3b4" },
};

/** levelsOf adds up the counts of all levels that mean the same, the worst first. */
export function levelsOf(counts: LogBuckets | undefined, scheme: Scheme): { frame: Frame; series: ChartSeries[]; totals: Map<Severity, number> } {
  const rows = new Map<Severity, number[]>();
  for (const [level, values] of counts?.counts ?? []) {
    const key = severity(level);
    const row = rows.get(key) ?? values.map(() => 0);
    rows.set(key, row.map((count, i) => count + (values[i] ?? 0)));
  }
  const order = (Object.keys(names) as Severity[]).filter((key) => rows.has(key));
  const series = order.map((key) => ({ key, label: names[key], colour: colours[scheme][key], values: rows.get(key) ?? [] }));
  const totals = new Map(order.map((key) => [key, (rows.get(key) ?? []).reduce((sum, count) => sum + count, 0)]));
  return { frame: { times: counts?.times ?? [], series: series.map(({ key, values }) => ({ key, labels: { level: key }, values })) }, series, totals };
}

const buckets = 80;
const mostLevels = 30;

export function LevelHistogram({ title, query }: { title: string; query: string }) {
  const { range, live, epoch } = usePageTime();
  const scheme = useComputedColorScheme("light");
  const zoom = useZoom();
  const answer = useQuery({
    queryKey: ["levels", query, range.from, range.to, epoch],
    queryFn: async ({ signal }) => {
      const span = resolve(range, Date.now());
      if (!span) throw new Error("The time range is empty.");
      return { span, counts: await countOverTime(query, "level", span, buckets, mostLevels, signal) };
    },
    placeholderData: keepPreviousData,
    refetchInterval: live ? 10_000 : false,
  });
  const { frame, series, totals } = useMemo(() => levelsOf(answer.data?.counts, scheme), [answer.data, scheme]);
  const all = [...totals.values()].reduce((sum, count) => sum + count, 0);
  const failed = totals.get("error") ?? 0;
  const from = (answer.data?.span.from ?? 0) / 1000;
  const to = (answer.data?.span.to ?? 1) / 1000;
  return (
    <Panel
      title={title}
      value={answer.data ? format(all, "count") : undefined}
      detail={answer.data ? `lines${failed > 0 ? `, ${format(failed, "count")} of them errors` : ""}` : undefined}
      error={answer.error ?? undefined}
    >
      <TimeChart label={title} frame={frame} series={series} unit="count" from={from} to={to} kind="bar" stacked height={96} loading={answer.isPending} onZoom={zoom} />
    </Panel>
  );
}
