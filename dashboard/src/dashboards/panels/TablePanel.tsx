// A panel of the newest value of each series as a table, with a column for each label.

import { useMemo } from "react";

import type { Labels } from "../../api/types";
import { format } from "../../format/units";
import { keyOf } from "../../live/frame";
import { useInstantQueries, type InstantResult } from "../../query/useInstantQueries";
import { builtins, interpolate, parseDuration } from "../../query/variables";
import { stepFor } from "../../time/range";
import { DataTable, type Column } from "../../ui/DataTable";
import type { PanelProps } from "../context";
import { isLogsQuery, panelName, textOf } from "../document";
import { unitOfFormat } from "../units";
import { PanelState } from "./PanelState";
import { formatOf } from "./spec";
import { useNotice, useSpan } from "./usePanelSeries";

export interface TableRow {
  key: string;
  labels: Labels;
  /** By the place of the query; null where it has no such series. */
  values: (number | null)[];
}

/** rowsOf joins the answers of several queries: series with the same labels are one row. */
export function rowsOf(answers: readonly Pick<InstantResult, "series">[]): TableRow[] {
  const rows = new Map<string, TableRow>();
  answers.forEach(({ series }, query) => {
    for (const { metric, value } of series) {
      // With several queries the name of the metric would part what belongs together.
      const { __name__: name, ...others } = metric;
      const labels = answers.length === 1 && name !== undefined ? { __name__: name, ...others } : others;
      const key = keyOf(labels);
      const row = rows.get(key) ?? { key, labels, values: answers.map(() => null) };
      const number = Number(value[1]);
      row.values[query] = Number.isFinite(number) ? number : null;
      rows.set(key, row);
    }
  });
  return [...rows.values()];
}

/** labelsOf lists the columns: labels that differ first, a label that all share last, the metric's name only where it says something. */
export function labelsOf(rows: readonly TableRow[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].toSorted();
  const differs = (name: string) => rows.some((row) => row.labels[name] !== rows[0]?.labels[name]);
  const shown = names.filter((name) => name !== "__name__" || differs(name));
  return [...shown.filter(differs), ...shown.filter((name) => !differs(name))];
}

const most = 1000;

export function TablePanel({ panel, values, visible, height, onNotice }: PanelProps) {
  const span = useSpan();
  const { spec } = panel.spec.plugin;
  const queries = useMemo(() => (panel.spec.queries ?? []).filter((query) => !isLogsQuery(query)), [panel.spec.queries]);
  const asked = useMemo(() => {
    const step = stepFor((span.to - span.from) * 1000, 640);
    return queries.map((query, i) => {
      const least = parseDuration(interpolate(query.spec.plugin.spec.minStep ?? "", values, "text").text);
      return { key: String(i), ...interpolate(textOf(query), { ...values, ...builtins(step, span.from, span.to, least) }) };
    });
  }, [queries, values, span]);
  const answers = useInstantQueries(
    asked.map(({ key, text }) => ({ key, query: text })),
    { enabled: visible },
  );
  const series = answers.map((answer) => answer.series);
  const rows = useMemo(
    () => rowsOf(series.map((one) => ({ series: one }))),
    // The lists are new only when an answer is.
    [...series],
  );
  const problems = [...new Set(asked.flatMap((one) => one.problems))];
  useNotice(
    { ...(rows.length > most ? { capped: `${most} of ${rows.length} rows` } : {}), ...(problems.length > 0 ? { problems } : {}), fetching: answers.some((answer) => answer.fetching) },
    onNotice,
  );
  const unit = unitOfFormat(formatOf(spec));
  const columns = useMemo((): Column<TableRow>[] => {
    const titleOf = (query: number) => queries[query]?.spec.plugin.spec.seriesNameFormat?.trim() || (queries.length === 1 ? "Value" : `Value ${query + 1}`);
    return [
      ...labelsOf(rows).map((name): Column<TableRow> => ({ id: name, title: name === "__name__" ? "metric" : name, sortBy: (row) => row.labels[name] ?? "", cell: (row) => row.labels[name] ?? "" })),
      ...queries.map((_, i): Column<TableRow> => ({ id: `value ${i}`, title: titleOf(i), number: true, sortBy: (row) => row.values[i], cell: (row) => format(row.values[i], unit) })),
    ];
  }, [rows, queries, unit]);
  return (
    <PanelState loading={answers.some((answer) => answer.loading)} error={answers.find((answer) => answer.error)?.error} empty={rows.length === 0} queries={asked.filter((one) => one.text.trim() !== "").length}>
      <DataTable label={panelName(panel)} columns={columns} rows={rows.slice(0, most)} rowKey={(row) => row.key} initialSort={{ column: "value 0", descending: true }} maxHeight={height} />
    </PanelState>
  );
}
