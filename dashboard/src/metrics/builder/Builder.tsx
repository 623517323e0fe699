// Builds a query from choices, for people who know no PromQL; the PromQL stands below, so that
// they get to know it.

import { useMemo, useState } from "react";

import { metricsIn } from "../units";
import { useCatalogue, useLabels, type Catalogue } from "../useCatalogue";
import classes from "./Builder.module.css";
import { Calculation } from "./Calculation";
import { explain } from "./explain";
import { Filters } from "./Filters";
import { MetricPicker } from "./MetricPicker";
import { functionsOf, startOf, type BuilderQuery, type MetricKind } from "./model";
import { readQuery } from "./read";
import { selector, writeQuery } from "./write";

interface Props {
  /** Names the parts for screen readers: "Query A". */
  name: string;
  text: string;
  catalogue: Catalogue;
  /** The service that new queries are about. */
  service: string | undefined;
  /** Takes the query that was built. */
  onBuilt: (text: string) => void;
  /** Leaves the builder. */
  onEdit: () => void;
}

const nothing: BuilderQuery = startOf("", "gauge");

export function Builder({ name, text, catalogue, service, onBuilt, onEdit }: Props) {
  const { byName } = catalogue;
  const reading = useMemo(() => (text.trim() === "" ? { query: nothing } : readQuery(text, (base) => byName.get(base)?.kind === "histogram")), [text, byName]);
  // What was chosen last, with filters that are not finished: they are not in the text.
  const [chosen, setChosen] = useState<BuilderQuery>();

  const read = "query" in reading ? reading.query : undefined;
  const query = chosen && writeQuery(chosen) === text ? chosen : read;
  const labels = useLabels(query ? selectorOfAll(query) : "");
  const about = query?.filters.find((filter) => filter.label === "service" && filter.op === "=" && filter.value !== "")?.value ?? (query?.metric === "" ? service : undefined);
  const offered = useCatalogue(about);
  if (!query) return <Refusal why={"why" in reading ? reading.why : ""} text={text} onEdit={onEdit} />;

  const change = (next: BuilderQuery) => {
    setChosen(next);
    const written = writeQuery(next);
    if (written !== text) onBuilt(written);
  };
  const metric = byName.get(query.metric);
  const kind: MetricKind = metric?.kind ?? (functionsOf("histogram").includes(query.fn) ? "histogram" : functionsOf("counter").includes(query.fn) && query.fn !== "value" ? "counter" : "gauge");
  return (
    <div className={classes.builder} role="group" aria-label={`${name}, builder`}>
      <div className={classes.line}>
        <MetricPicker
          label={`${name}: metric`}
          metrics={offered.metrics}
          byName={offered.byName}
          value={query.metric}
          loading={offered.loading}
          onPick={(picked) => change(pick(query, picked.name, picked.kind, picked.native, service))}
        />
        <Filters metric={seriesName(query)} filters={query.filters} labels={labels} onChange={(filters) => change({ ...query, filters })} />
      </div>
      {query.metric !== "" && (
        <>
          <Calculation query={query} kind={kind} labels={labels} onChange={change} />
          <p className={classes.promql}>
            <code>{text || writeQuery(query)}</code>
          </p>
          <p className={classes.explanation}>{explain(query)}</p>
        </>
      )}
    </div>
  );
}

/** pick takes another metric, and keeps the filters and labels of the one before. */
function pick(before: BuilderQuery, metric: string, kind: MetricKind, native: boolean, service: string | undefined): BuilderQuery {
  const start = startOf(metric, kind, { native, service });
  if (before.metric === "") return before.filters.length === 0 ? start : { ...start, filters: before.filters };
  const same = functionsOf(kind).includes(before.fn) && before.fn !== "value";
  return { ...start, filters: before.filters, window: before.window, top: before.top, ...(same ? { fn: before.fn, quantile: before.quantile, aggregation: before.aggregation } : {}) };
}

/** seriesName is a name that the metric's series have. */
function seriesName({ metric, fn, native }: BuilderQuery): string {
  if (native || metric === "") return metric;
  if (fn === "quantile") return `${metric}_bucket`;
  return fn === "mean" || fn === "observations" ? `${metric}_count` : metric;
}

function selectorOfAll(query: BuilderQuery): string {
  return query.metric === "" ? "" : selector(seriesName(query), []);
}

function Refusal({ why, text, onEdit }: { why: string; text: string; onEdit: () => void }) {
  const names = metricsIn(text);
  return (
    <div className={classes.refusal} role="note">
      <p className={classes.promql}>
        <code>{text}</code>
      </p>
      <p>
        <strong>The builder can't show this query.</strong> {why}{" "}
        <button type="button" className={classes.link} onClick={onEdit}>
          Edit it as PromQL
        </button>
        {names.length > 1 && ", or make a query of each metric."}
      </p>
    </div>
  );
}
