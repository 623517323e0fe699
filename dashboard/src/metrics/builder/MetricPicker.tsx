// Chooses a metric from all that there are: a list to search by words, with what each one is.

import { Select, type ComboboxItem } from "@mantine/core";
import "@mantine/core/styles/Combobox.css";
import { useMemo } from "react";

import { findMetrics, type Metric } from "../catalogue";
import classes from "./Builder.module.css";

interface Props {
  metrics: readonly Metric[];
  byName: ReadonlyMap<string, Metric>;
  value: string;
  loading: boolean;
  label: string;
  onPick: (metric: Metric) => void;
}

/** More than these are not read through; a word more makes them fewer. */
const shown = 60;

export function kindLine({ kind, typed, unit }: Metric): string {
  return [typed ? kind : `${kind}?`, unit].filter(Boolean).join(", ");
}

export function MetricPicker({ metrics, byName, value, loading, label, onPick }: Props) {
  const data = useMemo(() => {
    const names = metrics.map((metric) => metric.name);
    // What is chosen stays in the list, also when it has no data in the time range.
    return value === "" || names.includes(value) ? names : [value, ...names];
  }, [metrics, value]);
  return (
    <Select
      size="xs"
      className={classes.metric ?? ""}
      aria-label={label}
      placeholder={loading ? "Loading metrics" : `Choose a metric (${metrics.length})`}
      searchable
      data={data}
      value={value === "" ? null : value}
      limit={shown}
      withScrollArea={false}
      allowDeselect={false}
      nothingFoundMessage="No metric has these words in its name or its help"
      comboboxProps={{ width: 560, position: "bottom-start", shadow: "md" }}
      classNames={{ dropdown: classes.dropdown ?? "", option: classes.option ?? "" }}
      filter={({ options, search }) => {
        if (search === value) return options;
        const found = findMetrics(metrics, search);
        return found.map((metric): ComboboxItem => ({ value: metric.name, label: metric.name }));
      }}
      renderOption={({ option }) => <MetricOption name={option.value} metric={byName.get(option.value)} />}
      onChange={(name) => {
        const metric = name === null ? undefined : byName.get(name);
        if (metric) onPick(metric);
      }}
    />
  );
}

function MetricOption({ name, metric }: { name: string; metric: Metric | undefined }) {
  return (
    <span className={classes.metricOption}>
      <span className={classes.metricName}>{name}</span>
      <span className={classes.metricKind}>{metric ? kindLine(metric) : "no data"}</span>
      {metric?.help && <span className={classes.metricHelp}>{metric.help}</span>}
    </span>
  );
}
