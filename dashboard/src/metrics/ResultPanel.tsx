// What the queries answer: a chart with its legend, a table over time, or the values at the end.

import { useMemo } from "react";

import { TimeChart } from "../chart/TimeChart";
import { logsLink } from "../links";
import { useColours } from "../overview/useColours";
import { useZoom } from "../time/useZoom";
import { usePageTime } from "../time/context";
import { LogsIcon } from "../ui/icons";
import { Notices } from "./Notices";
import classes from "./Results.module.css";
import { servicesIn } from "./services";
import { Toolbar } from "./Toolbar";
import type { Catalogue } from "./useCatalogue";
import type { MetricsPageState } from "./useMetricsPage";
import type { Results } from "./useResults";
import { ValuesTable } from "./ValuesTable";

interface Props {
  page: MetricsPageState;
  results: Results;
  catalogue: Catalogue;
}

export function ResultPanel({ page, results, catalogue }: Props) {
  const { range } = usePageTime();
  const services = useMemo(() => servicesIn(page.queries, results.series), [page.queries, results.series]);
  return (
    <section className={classes.panel} aria-label="Results">
      <Toolbar page={page} ownUnit={results.ownUnit}>
        {services.map((service) => (
          <a key={service} className={classes.link} href={logsLink(`service:${word(service)}`, range)}>
            <LogsIcon /> Logs of {service}
          </a>
        ))}
      </Toolbar>
      <Notices page={page} results={results} catalogue={catalogue} />
      {page.view === "values" ? <ValuesTable queries={page.queries} texts={results.texts} unit={results.unit} /> : <Chart page={page} results={results} />}
    </section>
  );
}

/** word writes a value as the filter language of logs takes it. */
function word(value: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(value) ? value : JSON.stringify(value);
}

function Chart({ page, results }: { page: MetricsPageState; results: Results }) {
  const zoom = useZoom();
  const colour = useColours();
  const series = results.series.map(({ key, label, values }, i) => ({ key, label, values, colour: colour(i) }));
  return (
    <TimeChart
      label="Queries"
      frame={results.frame}
      series={series}
      unit={results.unit}
      from={results.from}
      to={results.to}
      stacked={page.kind === "stacked"}
      height={300}
      loading={results.loading}
      onZoom={zoom}
    />
  );
}
