// What is done with a metric's series: over time, among each other, and how many are kept.

import { MultiSelect, NativeSelect } from "@mantine/core";
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import type { ReactNode } from "react";

import classes from "./Builder.module.css";
import { autoWindow, functionLabels, functionsOf, needsWindow, type AggregationOp, type BuilderFunction, type BuilderQuery, type MetricKind } from "./model";

interface Props {
  query: BuilderQuery;
  kind: MetricKind;
  labels: readonly string[];
  onChange: (query: BuilderQuery) => void;
}

const windows = [
  { value: autoWindow, label: "fitting window" },
  ...["1m", "5m", "15m", "1h", "6h", "1d"].map((value) => ({ value, label: `over ${value}` })),
];

const aggregations: { value: AggregationOp; label: string }[] = [
  { value: "none", label: "Each series" },
  { value: "sum", label: "Sum" },
  { value: "avg", label: "Average" },
  { value: "min", label: "Minimum" },
  { value: "max", label: "Maximum" },
  { value: "count", label: "Number of series" },
  { value: "quantile", label: "Percentile" },
];

const percentiles = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const tops = [1, 3, 5, 10, 20, 50];

/** withChosen keeps a value in the list that somebody wrote as PromQL. */
function withChosen<T extends { value: string; label: string }>(list: readonly T[], value: string, label: string): { value: string; label: string }[] {
  return list.some((one) => one.value === value) ? [...list] : [...list, { value, label }];
}

function percentOptions(value: number) {
  return withChosen(percentiles.map((p) => ({ value: String(p), label: percentText(p) })), String(value), percentText(value));
}

function percentText(value: number): string {
  return `p${Number((value * 100).toFixed(3))}`;
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className={classes.field}>
      <span className={classes.fieldLabel}>{label}</span>
      {children}
    </label>
  );
}

export function Calculation({ query, kind, labels, onChange }: Props) {
  const { aggregation, top } = query;
  const functions = functionsOf(kind).map((fn) => ({ value: fn as string, label: functionLabels[fn] }));
  const summed = query.fn === "quantile" || query.fn === "mean" || (query.fn === "observations" && query.native);
  const joins = summed ? aggregations.filter(({ value }) => value === "none" || value === "sum") : aggregations;
  return (
    <div className={classes.line}>
      <Field label="Show">
        <NativeSelect
          size="xs"
          data={withChosen(functions, query.fn, functionLabels[query.fn])}
          value={query.fn}
          onChange={(event) => onChange({ ...query, fn: event.currentTarget.value as BuilderFunction })}
        />
      </Field>
      {query.fn === "quantile" && (
        <NativeSelect size="xs" aria-label="Percentile" data={percentOptions(query.quantile)} value={String(query.quantile)} onChange={(event) => onChange({ ...query, quantile: Number(event.currentTarget.value) })} />
      )}
      {needsWindow(query.fn) && (
        <NativeSelect size="xs" aria-label="Window of time" data={withChosen(windows, query.window, `over ${query.window}`)} value={query.window} onChange={(event) => onChange({ ...query, window: event.currentTarget.value })} />
      )}
      <Field label="Join">
        <NativeSelect
          size="xs"
          data={withChosen(joins, aggregation.op, aggregation.op)}
          value={aggregation.op}
          onChange={(event) => onChange({ ...query, aggregation: { ...aggregation, op: event.currentTarget.value as AggregationOp } })}
        />
      </Field>
      {aggregation.op === "quantile" && (
        <NativeSelect
          size="xs"
          aria-label="Percentile of the series"
          data={percentOptions(aggregation.quantile)}
          value={String(aggregation.quantile)}
          onChange={(event) => onChange({ ...query, aggregation: { ...aggregation, quantile: Number(event.currentTarget.value) } })}
        />
      )}
      {aggregation.op !== "none" && (
        <span className={classes.field}>
          <span className={classes.fieldLabel}>by</span>
          <MultiSelect
            size="xs"
            className={classes.by ?? ""}
            classNames={{ inputField: classes.byField ?? "" }}
            aria-label="Labels that stay"
            placeholder={aggregation.by.length === 0 ? "all together" : ""}
            searchable
            data={[...new Set([...labels.filter((label) => label !== "le"), ...aggregation.by])]}
            value={aggregation.by}
            limit={200}
            withScrollArea={false}
            comboboxProps={{ width: "max-content", position: "bottom-start", shadow: "md" }}
            nothingFoundMessage="No such label"
            onChange={(by) => onChange({ ...query, aggregation: { ...aggregation, by } })}
          />
        </span>
      )}
      <Field label="Keep">
        <NativeSelect
          size="xs"
          data={[{ value: "all", label: "all" }, { value: "topk", label: "largest" }, { value: "bottomk", label: "smallest" }]}
          value={top?.op ?? "all"}
          onChange={(event) => {
            const op = event.currentTarget.value;
            onChange({ ...query, top: op === "topk" || op === "bottomk" ? { op, k: top?.k ?? 5 } : undefined });
          }}
        />
      </Field>
      {top && (
        <NativeSelect
          size="xs"
          aria-label="How many are kept"
          data={withChosen(tops.map((k) => ({ value: String(k), label: String(k) })), String(top.k), String(top.k))}
          value={String(top.k)}
          onChange={(event) => onChange({ ...query, top: { ...top, k: Number(event.currentTarget.value) } })}
        />
      )}
    </div>
  );
}
