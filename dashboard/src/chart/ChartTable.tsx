// A chart's data as a table: a row for each time, a column for each series.

import { useMemo } from "react";

import { format, type Unit } from "../format/units";
import type { Frame } from "../live/frame";
import { useTimeZone, formatTime } from "../time/zone";
import { CopyButton } from "../ui/CopyButton";
import { DataTable, type Column } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import classes from "./ChartTable.module.css";
import { toCSV } from "./csv";
import type { ChartSeries } from "./data";

interface Props {
  label: string;
  frame: Pick<Frame, "times">;
  series: readonly ChartSeries[];
  unit: Unit;
  hidden?: ReadonlySet<string> | undefined;
  maxHeight?: number | string;
}

interface Row {
  time: number;
  index: number;
}

/** Above this number a table is too wide to be read; the copy has all of them. */
const mostColumns = 60;

export function ChartTable({ label, frame, series, unit, hidden, maxHeight = "60vh" }: Props) {
  const zone = useTimeZone();
  const { times } = frame;
  const visible = useMemo(() => (hidden?.size ? series.filter(({ key }) => !hidden.has(key)) : series), [series, hidden]);
  const shown = visible.slice(0, mostColumns);
  const rows = useMemo(() => {
    // Times at which nothing has a value say nothing.
    const filled = times.flatMap((time, index): Row[] => (visible.some((s) => typeof s.values[index] === "number") ? [{ time, index }] : []));
    return filled.toReversed();
  }, [times, visible]);
  const columns: Column<Row>[] = [
    { id: "time", title: "Time", cell: (row) => formatTime(row.time * 1000, zone, "full"), sortBy: (row) => row.time },
    ...shown.map(
      (s): Column<Row> => ({ id: s.key, title: s.label, number: true, cell: (row) => format(s.values[row.index], unit), sortBy: (row) => s.values[row.index] }),
    ),
  ];
  if (rows.length === 0) return <EmptyState title="No values in this time range">Choose a longer range, or another query.</EmptyState>;
  return (
    <div className={classes.holder}>
      <div className={classes.bar}>
        <span>
          {rows.length} times, {visible.length === shown.length ? `${shown.length} series` : `the first ${shown.length} of ${visible.length} series`}
        </span>
        <CopyButton value={() => toCSV(times, visible)} label="Copy the table as CSV" text="Copy as CSV" />
      </div>
      <DataTable label={label} columns={columns} rows={rows} rowKey={(row) => String(row.time)} initialSort={{ column: "time", descending: true }} maxHeight={maxHeight} />
    </div>
  );
}
