// Counts of log lines: over time by a field, or of the field's most frequent values.

import { useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { BarList } from "../../chart/BarList";
import { useSeriesStyles } from "../../chart/styles";
import { Swatch } from "../../chart/Swatch";
import { TimeChart } from "../../chart/TimeChart";
import { format } from "../../format/units";
import { logsLink } from "../../links";
import { fetchHistogram, fetchValues } from "../../logs/api";
import { severity } from "../../logs/fields";
import { barsOf, barStep } from "../../logs/histogram";
import { builtins, interpolate, type Interpolated } from "../../query/variables";
import { chartColours, levelColours, seriesColours } from "../../theme";
import { usePageTime } from "../../time/context";
import { useZoom } from "../../time/useZoom";
import { PageLink } from "../../ui/PageLink";
import type { PanelProps } from "../context";
import { isLogsQuery, panelName, textOf } from "../document";
import classes from "./panels.module.css";
import { PanelState } from "./PanelState";
import { stringOf } from "./spec";
import { useNotice, useSpan } from "./usePanelSeries";

const mostValues = 50;

/** useLogText is the panel's filter with variables filled in. */
export function useLogText({ panel, values }: Pick<PanelProps, "panel" | "values">): Interpolated & { count: number } {
  const { from, to } = useSpan();
  return useMemo(() => {
    const queries = (panel.spec.queries ?? []).filter(isLogsQuery);
    const [first] = queries;
    return { ...interpolate(first ? textOf(first) : "", { ...values, ...builtins(60, from, to) }, "logs"), count: queries.length };
  }, [panel.spec.queries, values, from, to]);
}

/** How often counts are asked for again while the page is live. */
const refetchMillis = 10_000;

interface Asked<T> {
  key: readonly unknown[];
  visible: boolean;
  load: (span: { from: string; to: string }, signal: AbortSignal) => Promise<T>;
}

/** useLogAnswer asks about the logs of the page's time, with the time that it was asked about. */
function useLogAnswer<T>({ key, visible, load }: Asked<T>) {
  const { range, live, epoch } = usePageTime();
  const span = useSpan();
  const width = span.to - span.from;
  return useQuery({
    queryKey: ["log-bars", ...key, range.from, range.to, epoch],
    queryFn: async ({ signal }) => {
      // A range that ends now moves on while the page is live.
      const to = live ? Date.now() / 1000 : span.to;
      const asked = { from: to - width, to };
      return { ...asked, value: await load({ from: new Date(asked.from * 1000).toISOString(), to: new Date(asked.to * 1000).toISOString() }, signal) };
    },
    enabled: visible,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    refetchInterval: live ? refetchMillis : false,
  });
}

export function LogHistogram({ panel, values, visible, width, onNotice }: PanelProps) {
  const by = stringOf(panel.spec.plugin.spec, "by") || "level";
  const { text, problems, count } = useLogText({ panel, values });
  const { from, to } = useSpan();
  const step = barStep((to - from) * 1000, width);
  const answer = useLogAnswer({ key: ["time", text, by, step], visible, load: (span, signal) => fetchHistogram(text, span, step, by, signal) });
  useNotice({ ...(problems.length > 0 ? { problems } : {}), fetching: answer.isFetching }, onNotice);
  const scheme = useComputedColorScheme("light");
  const zoom = useZoom();
  const bars = useMemo(() => (answer.data ? barsOf(answer.data.value.buckets, answer.data.from * 1000, answer.data.to * 1000, answer.data.value.step, by) : undefined), [answer.data, by]);
  const styleOf = useSeriesStyles(bars?.stacks.map((stack) => stack.value) ?? []);
  const drawn = useMemo(() => {
    if (!bars) return { times: [], series: [] };
    const levels = { error: levelColours[scheme].bad, warn: levelColours[scheme].warn, info: seriesColours[scheme][0]!, debug: seriesColours[scheme][4]!, none: chartColours[scheme].cursor };
    return {
      times: Array.from({ length: bars.count }, (_, i) => (bars.from + i * bars.step) / 1000),
      series: bars.stacks.map((stack) => {
        const style = styleOf(stack.value);
        const own = by === "level" ? levels[severity(stack.value)] : undefined;
        return { key: stack.value, label: stack.value || "other", total: stack.total, ...style, ...(own ? { colour: own, dash: undefined } : {}), values: stack.counts };
      }),
    };
  }, [bars, by, scheme, styleOf]);
  return (
    <PanelState loading={answer.isPending} error={answer.error ?? undefined} empty={(bars?.total ?? 0) === 0} onRetry={() => void answer.refetch()} queries={count}>
      <div className={classes.chartAndLegend}>
        <div className={classes.chart}>
          <TimeChart label={panelName(panel)} frame={drawn} series={drawn.series} unit="count" from={answer.data?.from ?? from} to={answer.data?.to ?? to} kind="bar" stacked zero height="fill" legend="none" onZoom={zoom} />
        </div>
        <ul className={classes.totals} aria-label="Lines in this time range">
          {drawn.series.map((one) => (
            <li key={one.key}>
              <Swatch series={one} />
              <span className="muted">{one.label}</span> {format(one.total, "count")}
            </li>
          ))}
        </ul>
      </div>
    </PanelState>
  );
}

/** withValue narrows a filter to a value of a field. */
export function withValue(filter: string, field: string, value: string): string {
  const condition = interpolate(`${field}:=$value`, { value: { values: [value] } }, "logs").text;
  const rest = filter.trim();
  if (rest === "" || rest === "*") return condition;
  return /\sOR\s/i.test(rest) ? `(${rest}) ${condition}` : `${rest} ${condition}`;
}

export function FieldBars({ panel, values, visible, onNotice }: PanelProps) {
  const by = stringOf(panel.spec.plugin.spec, "by") || "level";
  const { text, problems, count } = useLogText({ panel, values });
  const { range } = usePageTime();
  const answer = useLogAnswer({ key: ["values", text, by], visible, load: (span, signal) => fetchValues(text, span, by, mostValues, signal) });
  useNotice({ ...(problems.length > 0 ? { problems } : {}), fetching: answer.isFetching }, onNotice);
  const bars = (answer.data?.value ?? []).map(({ value, count: lines }) => ({ key: value, label: value || "none", value: lines }));
  return (
    <PanelState loading={answer.isPending} error={answer.error ?? undefined} empty={bars.length === 0} onRetry={() => void answer.refetch()} queries={count}>
      <div className={classes.scroll} tabIndex={0} role="group" aria-label={panelName(panel)}>
        <BarList
          label={panelName(panel)}
          bars={bars}
          unit="count"
          top={mostValues}
          link={(bar) => (
            <PageLink href={logsLink(withValue(text, by, bar.key), range)} className={classes.link}>
              {bar.label}
            </PageLink>
          )}
        />
      </div>
    </PanelState>
  );
}
