// What the queries are at the end of the time range: a row for each series.

import { useMemo } from "react";

import type { Labels } from "../api/types";
import { format, type Unit } from "../format/units";
import { keyOf } from "../live/frame";
import { useInstantQueries } from "../query/useInstantQueries";
import { DataTable, type Column } from "../ui/DataTable";
import { Loading } from "../ui/Loading";
import { letterOf, type QueryEntry } from "./search";
import classes from "./Results.module.css";

interface Row {
  key: string;
  query: string;
  labels: Labels;
  value: number;
  unit: Unit;
}

interface Props {
  queries: readonly QueryEntry[];
  /** The queries with their intervals filled in. */
  texts: readonly string[];
  /** The unit of each query. */
  units: readonly Unit[];
}

/** splitLabels tells labels that differ among rows from those that are the same for all. */
export function splitLabels(all: readonly Labels[]): { differing: string[]; same: [name: string, value: string][] } {
  const names = [...new Set(all.flatMap((labels) => Object.keys(labels)))].toSorted((a, b) => Number(b === "__name__") - Number(a === "__name__") || (a < b ? -1 : 1));
  const [first] = all;
  const isSame = (name: string) => all.length > 1 && all.every((labels) => labels[name] === first?.[name]);
  return { differing: names.filter((name) => !isSame(name)), same: names.filter(isSame).map((name) => [name, first?.[name] ?? ""]) };
}

export function ValuesTable({ queries, texts, units }: Props) {
  const answers = useInstantQueries(texts.map((query, i) => ({ key: letterOf(i), query })));
  const rows = useMemo(
    () =>
      answers.flatMap(({ key, series }, i) =>
        series.map(({ metric, value }): Row => ({ key: `${key} ${keyOf(metric)}`, query: key, labels: metric, value: Number(value[1]), unit: units[i] ?? "count" })),
      ),
    [answers, units],
  );
  const several = queries.filter((query) => !query.hidden && query.text !== "").length > 1;
  const { differing, same } = useMemo(() => splitLabels(rows.map((row) => row.labels)), [rows]);
  const columns = useMemo((): Column<Row>[] => {
    const byQuery: Column<Row>[] = several ? [{ id: "query", title: "Query", cell: (row) => row.query, sortBy: (row) => row.query }] : [];
    const byLabel = differing.map((name): Column<Row> => ({
      id: `label:${name}`,
      title: name === "__name__" ? "Metric" : name,
      cell: (row) => row.labels[name] ?? "",
      sortBy: (row) => row.labels[name],
    }));
    return [...byQuery, ...byLabel, { id: "value", title: "Value", cell: (row) => <span title={String(row.value)}>{format(row.value, row.unit)}</span>, sortBy: (row) => row.value, number: true }];
  }, [several, differing]);

  const asked = answers.filter((_, i) => texts[i] !== "");
  if (rows.length === 0 && asked.some((answer) => answer.loading)) return <Loading rows={6} label="Loading values" />;
  return (
    <>
      <p className={classes.caption}>
        {rows.length === 1 ? "1 series" : `${rows.length.toLocaleString("en")} series`} at the end of the time range
        {same.length > 0 && (
          <>
            , all with <code>{same.map(([name, value]) => (name === "__name__" ? value : `${name}="${value}"`)).join(" ")}</code>
          </>
        )}
      </p>
      <DataTable label="Values" columns={columns} rows={rows} rowKey={(row) => row.key} initialSort={{ column: "value", descending: true }} empty={<p className={classes.none}>No series has a value at the end of the time range.</p>} />
    </>
  );
}
