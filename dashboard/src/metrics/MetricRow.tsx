// One metric of the list: what it is, and a small line of it, asked for when it comes in sight.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { queryChart } from "../api/range";
import { Sparkline } from "../chart/Sparkline";
import { unitOf } from "../format/unit-of";
import { format, type Unit } from "../format/units";
import { valueAt } from "../live/frame";
import { useColours } from "../overview/useColours";
import { builtins, interpolate } from "../query/variables";
import { useSampleIntervals } from "../query/useSampleIntervals";
import { usePageTime } from "../time/context";
import { resolve, stepFor } from "../time/range";
import { kindLine } from "./builder/MetricPicker";
import { autoWindow, noAggregation, startOf } from "./builder/model";
import { writeQuery } from "./builder/write";
import type { Metric } from "./catalogue";
import classes from "./Browse.module.css";

const points = 100;

/** sparkQuery is one line for all series of a metric. */
export function sparkQuery({ name, kind, native }: Metric, service: string | undefined): string {
  const start = startOf(name, kind, { native, service });
  switch (kind) {
    case "counter":
      return writeQuery({ ...start, aggregation: { ...noAggregation, op: "sum" } });
    case "gauge":
      return writeQuery({ ...start, aggregation: { ...noAggregation, op: "avg" } });
    default:
      return writeQuery({ ...start, fn: "observations", window: autoWindow, aggregation: { ...noAggregation, op: "sum" } });
  }
}

/** What the line is of, since a row has no room for its query. */
const lineOf = { counter: "per second, all series", gauge: "average of all series", histogram: "observations per second", summary: "observations per second" } as const;

function sparkUnit({ name, kind, unit }: Metric): Unit {
  if (kind === "gauge") return unitOf(name, unit);
  return kind === "counter" ? unitOf(name, unit, true) : "perSecond";
}

interface Props {
  metric: Metric;
  service: string | undefined;
  onExplore: () => void;
}

export function MetricRow({ metric, service, onExplore }: Props) {
  const row = useRef<HTMLLIElement>(null);
  const seen = useSeen(row);
  return (
    <li ref={row} className={classes.row}>
      <button type="button" className={classes.metric} onClick={onExplore}>
        <span className={classes.name}>{metric.name}</span>
        {metric.help && <span className={classes.help}>{metric.help}</span>}
      </button>
      <span className={classes.kind}>{kindLine(metric)}</span>
      <span className={classes.spark} title={lineOf[metric.kind]}>
        {seen && <Spark metric={metric} service={service} />}
      </span>
    </li>
  );
}

function Spark({ metric, service }: { metric: Metric; service: string | undefined }) {
  const { range, epoch } = usePageTime();
  const colour = useColours();
  const text = sparkQuery(metric, service);
  const [interval] = useSampleIntervals([text]);
  const answer = useQuery({
    queryKey: ["metric-spark", text, interval, range.from, range.to, epoch],
    queryFn: async ({ signal }) => {
      const span = resolve(range, Date.now());
      if (!span) return undefined;
      const [from, to] = [span.from / 1000, span.to / 1000];
      const step = stepFor(span.to - span.from, points);
      const query = interpolate(text, builtins(step, from, to, interval)).text;
      const { times, series } = await queryChart({ query, from: Math.ceil(from / step) * step, to: Math.floor(to / step) * step, points, limit: 1, order: "max", step }, signal);
      return { from, to, times, values: series?.[0]?.values ?? [] };
    },
    enabled: interval !== undefined,
    staleTime: 30_000,
    retry: 1,
  });
  const spark = answer.data;
  const max = Math.max(0, ...(spark?.values ?? []).map((value) => value ?? 0));
  return (
    <>
      <span className={classes.line}>{spark && <Sparkline {...spark} max={max || 1} colour={colour(0)} height={20} />}</span>
      <span className={classes.last}>{spark ? format(valueAt(spark.values, null), sparkUnit(metric)) : ""}</span>
    </>
  );
}

/** useSeen is true once an element has been in sight. */
function useSeen(element: React.RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watched = element.current;
    if (!watched || seen) return undefined;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: "80px" });
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element, seen]);
  return seen;
}
