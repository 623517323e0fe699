// The metrics of a service in small charts, grouped by how their names begin. What is too much
// to draw is listed, with the way to Metrics.

import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { ChartCard } from "../hosts/ChartCard";
import { metricsLink } from "../links";
import { usePageTime } from "../time/context";
import { metricChart, worthDrawing, type Metric, type ServiceChart } from "./charts";
import classes from "./ServicePage.module.css";

/** Charts draws what is given, in as many columns as fit. */
export function Charts({ charts, columns = 4 }: { charts: readonly ServiceChart[]; columns?: 3 | 4 }) {
  return (
    <div className={classes.grid} data-columns={columns}>
      {charts.map((chart) => (
        <ChartCard
          key={chart.id}
          id={chart.id}
          title={chart.title}
          unit={chart.unit}
          query={chart.query}
          lines={chart.lines}
          stacked={chart.stacked}
          max={chart.max}
          value={chart.value}
          hint={chart.hint}
          limit={8}
        />
      ))}
    </div>
  );
}

/** Fewer metrics than this make no group. */
const fewest = 3;

export interface Group {
  name: string;
  metrics: Metric[];
}

/** groupsOf puts metrics together whose names begin alike; the others come last. */
export function groupsOf(metrics: readonly Metric[]): Group[] {
  const found = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const prefix = metric.name.split("_").slice(0, 2).join("_");
    const group = found.get(prefix);
    if (group) group.push(metric);
    else found.set(prefix, [metric]);
  }
  const groups = [...found].filter(([, members]) => members.length >= fewest).map(([name, members]) => ({ name, metrics: members }));
  const alone = [...found].filter(([, members]) => members.length < fewest).flatMap(([, members]) => members);
  return alone.length > 0 ? [...groups, { name: groups.length > 0 ? "Others" : "", metrics: alone }] : groups;
}

interface Props {
  metrics: readonly Metric[];
  matchers: string;
  /** How many charts are drawn before somebody asks for more. */
  first: number;
}

export function MetricCharts({ metrics, matchers, first }: Props) {
  const [all, setAll] = useState(false);
  const { range } = usePageTime();
  const drawn = metrics.filter(worthDrawing);
  const shown = all ? drawn : drawn.slice(0, first);
  const rest = metrics.filter((metric) => !shown.includes(metric));
  return (
    <>
      <Charts charts={shown.map((metric) => metricChart(metric, matchers))} />
      {rest.length > 0 && (
        <div className={classes.rest}>
          {shown.length < drawn.length && (
            <button type="button" className={classes.more} onClick={() => setAll(true)}>
              Draw {drawn.length - shown.length} more
            </button>
          )}
          <span className="muted">More in Metrics:</span>
          {rest.map((metric) => (
            <Link key={metric.name} to={metricsLink([metricChart(metric, matchers).query(60)], range)} title={metric.help ?? ""}>
              {metric.name}
            </Link>
          ))}
        </div>
      )}
    </>
  );
}
