// Where one begins: the metrics that there are, by service, each with how it does now.

import { TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";

import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { startOf } from "./builder/model";
import { writeQuery } from "./builder/write";
import classes from "./Browse.module.css";
import { findMetrics, type Metric } from "./catalogue";
import { MetricRow } from "./MetricRow";
import { useServices, type Catalogue } from "./useCatalogue";
import type { MetricsPageState } from "./useMetricsPage";

const page = 60;

export function Browse({ state, catalogue }: { state: MetricsPageState; catalogue: Catalogue }) {
  const services = useServices();
  const wanted = useDeferredValue(state.find);
  const found = useMemo(() => findMetrics(catalogue.metrics, wanted), [catalogue.metrics, wanted]);
  const question = `${wanted}\n${state.service ?? ""}`;
  const [more, setMore] = useState({ question, count: page });
  const count = more.question === question ? more.count : page;

  const explore = (metric: Metric) => {
    const text = writeQuery(startOf(metric.name, metric.kind, { native: metric.native, service: state.service }));
    state.set({ queries: [{ text, legend: "", hidden: false, builder: true }] });
  };

  if (catalogue.error) return <Failure error={catalogue.error} onRetry={catalogue.refetch} title="The metrics can't be listed" />;
  const nothing = !catalogue.loading && catalogue.metrics.length === 0;
  if (nothing && state.service === undefined) {
    return (
      <EmptyState title="No metrics in this time range" action={<Link to="/send">How to send metrics</Link>} centred>
        Choose a longer time range, or send some: by OpenTelemetry, JSON or Prometheus remote write. They appear here by themselves.
      </EmptyState>
    );
  }
  return (
    <section className={classes.browse} aria-label="Metrics">
      <div className={classes.head}>
        <TextInput
          size="xs"
          className={classes.find ?? ""}
          type="search"
          aria-label="Search metrics"
          placeholder="Search names and descriptions"
          value={state.find}
          onChange={(event) => state.set({ find: event.currentTarget.value }, { replace: true })}
        />
        <span className={classes.count} role="status">
          {catalogue.loading ? "" : `${found.length.toLocaleString("en")} ${found.length === 1 ? "metric" : "metrics"}`}
        </span>
      </div>
      <div className={classes.services} role="group" aria-label="Service">
        <button type="button" aria-pressed={state.service === undefined} onClick={() => state.set({ service: undefined })}>
          All services
        </button>
        {services.map((service) => (
          <button key={service} type="button" aria-pressed={state.service === service} onClick={() => state.set({ service })}>
            {service}
          </button>
        ))}
      </div>
      {catalogue.loading && <Loading rows={8} label="Loading metrics" />}
      {!catalogue.loading && found.length === 0 && <EmptyState title="No metric has these words">Each word must be in a metric's name or its description.</EmptyState>}
      <ul className={classes.list}>
        {found.slice(0, count).map((metric) => (
          <MetricRow key={metric.name} metric={metric} service={state.service} onExplore={() => explore(metric)} />
        ))}
      </ul>
      {found.length > count && (
        <button type="button" className={classes.more} onClick={() => setMore({ question, count: count + page })}>
          Show {Math.min(page, found.length - count)} more of {(found.length - count).toLocaleString("en")}
        </button>
      )}
    </section>
  );
}
