// One chart of a host's or a service's page: it asks when it comes near the window, can be zoomed
// by marking, and leads to Metrics with its own query.

import { useComputedColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { total } from "../chart/data";
import { TimeChart } from "../chart/TimeChart";
import { format, type Unit } from "../format/units";
import { metricsLink } from "../links";
import { emptyFrame } from "../live/frame";
import type { QueryOfStep } from "../live/useFrame";
import { useZoom } from "../time/useZoom";
import { useRangeQueries } from "../query/useRangeQueries";
import { usePageTime } from "../time/context";
import { MetricsIcon } from "../ui/icons";
import { Panel } from "../ui/Panel";
import { linesOf, type Lines } from "./lines";
import classes from "./ChartCard.module.css";

interface Props {
  id: string;
  title: string;
  unit: Unit;
  query: QueryOfStep;
  lines: Lines;
  stacked?: boolean | undefined;
  max?: number | undefined;
  /** What stands at the right of the title: the sum of all lines now. */
  value?: "sum" | "none" | undefined;
  hint?: string | undefined;
  /** How many series are asked for. */
  limit?: number;
}

const chartHeight = 132;
/** More lines than these are told apart by the tooltip. */
const mostInLegend = 8;

export function ChartCard(props: Props) {
  const [holder, near] = useNear<HTMLDivElement>();
  return (
    <div ref={holder} className={classes.card} id={`chart-${props.id}`} title={props.hint}>
      {near ? <Card {...props} /> : <Panel title={props.title}>{<div style={{ height: chartHeight + 20 }} />}</Panel>}
    </div>
  );
}

function Card({ id, title, unit, query, lines, stacked = false, max, value = "none", limit = 40 }: Props) {
  const { results, from, to, showMore } = useRangeQueries([{ key: id, query }], { pixels: 480, limit });
  const zoom = useZoom();
  const scheme = useComputedColorScheme("light");
  const result = results[0];
  const frame = result?.frame ?? emptyFrame;
  const series = useMemo(() => linesOf(frame, lines, scheme), [frame, lines, scheme]);
  if (!result) return null;
  const hidden = result.totalSeries - result.frame.series.length;
  return (
    <Panel
      title={title}
      value={value === "sum" ? format(total(series, null), unit) : undefined}
      error={result.error}
      actions={<ExploreLink queries={[query(60)]} title={title} />}
    >
      <TimeChart label={title} frame={result.frame} series={series} unit={unit} from={from} to={to} stacked={stacked} max={max} height={chartHeight} legend={series.length > mostInLegend ? "none" : "compact"} loading={result.loading} onZoom={zoom} />
      {hidden > 0 && (
        <button type="button" className={classes.more} onClick={showMore}>
          {hidden} more, show
        </button>
      )}
    </Panel>
  );
}

/** ExploreLink opens Metrics with queries, and with the time of this page. */
export function ExploreLink({ queries, title, children }: { queries: readonly string[]; title: string; children?: ReactNode }) {
  const { range } = usePageTime();
  return (
    <Link to={metricsLink(queries, range)} className={classes.explore ?? ""} aria-label={`Open ${title} in Metrics`} title="Open in Metrics">
      {children ?? <MetricsIcon />}
    </Link>
  );
}

/** useNear says whether something has come near the window: once it has, it stays so. */
function useNear<T extends Element>() {
  const ref = useRef<T>(null);
  const [near, setNear] = useState(() => typeof IntersectionObserver === "undefined");
  useEffect(() => {
    const element = ref.current;
    if (!element || near) return undefined;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setNear(true), { rootMargin: "240px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, [near]);
  return [ref, near] as const;
}
