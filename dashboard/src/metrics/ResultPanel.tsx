// What the queries answer: a chart with its legend, a table over time, or the values at the end.

import { useMemo } from "react";

import { ChartTable } from "../chart/ChartTable";
import type { ChartSeries } from "../chart/data";
import { useLegend } from "../chart/legend";
import { LegendTable } from "../chart/LegendTable";
import { useSeriesStyles } from "../chart/styles";
import { TimeChart } from "../chart/TimeChart";
import { AddToDashboard, type PanelDraft } from "../dashboards/AddToDashboard";
import { logsLink } from "../links";
import { usePageTime } from "../time/context";
import { useZoom } from "../time/useZoom";
import { LogsIcon } from "../ui/icons";
import { PageLink } from "../ui/PageLink";
import { Notices } from "./Notices";
import classes from "./Results.module.css";
import { servicesIn } from "./services";
import { Toolbar } from "./Toolbar";
import { metricsIn } from "./units";
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
          <PageLink key={service} className={classes.link} href={logsLink(`service:${word(service)}`, range)}>
            <LogsIcon /> Logs of {service}
          </PageLink>
        ))}
        <AddToDashboard panel={panelOf(page, results)} disabled={results.series.length === 0} />
      </Toolbar>
      <Notices page={page} results={results} catalogue={catalogue} />
      {page.view === "values" ? <ValuesTable queries={page.queries} texts={results.texts} units={results.units} /> : <OverTime page={page} results={results} />}
    </section>
  );
}

/** panelOf is what a dashboard shows of this page. */
function panelOf(page: MetricsPageState, results: Results): PanelDraft {
  const shown = page.queries.filter((query) => !query.hidden && query.text !== "");
  return {
    name: metricsIn(shown[0]?.text ?? "")[0] ?? "Metrics",
    kind: page.view === "values" ? "Table" : "TimeSeriesChart",
    queries: shown.map(({ text, legend }) => ({ query: text, format: legend === "" ? undefined : legend, language: "promql" })),
    unit: results.unit,
    display: page.kind,
  };
}

/** word writes a value as the filter language of logs takes it. */
function word(value: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(value) ? value : JSON.stringify(value);
}

/** OverTime is the chart with its legend, or the same as a table. */
function OverTime({ page, results }: { page: MetricsPageState; results: Results }) {
  const zoom = useZoom();
  const keys = useMemo(() => results.series.map(({ key }) => key), [results.series]);
  const styleOf = useSeriesStyles(keys);
  const legend = useLegend(keys);
  const series = useMemo(() => results.series.map(({ key, label, values }): ChartSeries => ({ key, label, values, ...styleOf(key) })), [results.series, styleOf]);
  const nothing = series.length === 0;
  // Notices say why there is nothing; an empty chart under them would say it once more.
  if (nothing && !results.loading) return null;
  if (page.view === "table" && !nothing) return <ChartTable label="Values over time" frame={results.frame} series={series} unit={results.unit} hidden={legend.hidden} />;
  const total = results.results.reduce((sum, result) => sum + result.totalSeries, 0);
  const capped = results.results.some((result) => result.totalSeries > result.frame.series.length);
  return (
    <>
      <TimeChart
        label="Queries"
        frame={results.frame}
        series={series}
        unit={results.unit}
        from={results.from}
        to={results.to}
        kind={page.kind}
        log={page.log}
        height={320}
        legend="none"
        hidden={legend.hidden}
        highlight={legend.highlight}
        loading={results.loading}
        onZoom={zoom}
      />
      {!nothing && (
        <LegendTable
          label="Series"
          series={series}
          unit={results.unit}
          legend={legend}
          totalSeries={total}
          onShowMore={capped ? results.showMore : undefined}
          fetching={results.fetching}
          top={12}
        />
      )}
    </>
  );
}
