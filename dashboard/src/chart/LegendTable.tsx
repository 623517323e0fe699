// The series of a chart as a table: what they are now and were between. A click shows one alone.

import { useMemo, useState, type MouseEvent } from "react";

import { format, type Unit } from "../format/units";
import { sortRows, type Sort } from "../ui/sorting";
import type { ChartSeries } from "./data";
import type { LegendState } from "./legend";
import classes from "./LegendTable.module.css";
import { statsOf, type Stats } from "./stats";
import { Swatch } from "./Swatch";

interface Props {
  /** Names the table for screen readers, such as "Series of CPU". */
  label: string;
  series: readonly ChartSeries[];
  unit: Unit;
  legend: LegendState;
  /** How many series there are, when the chart has only the largest of them. */
  totalSeries?: number | undefined;
  /** Asks for more of them. */
  onShowMore?: (() => void) | undefined;
  /** More are on their way. */
  fetching?: boolean;
  /** How many rows are shown at first. */
  top?: number;
  /** The order, where the page keeps it; else the table does. */
  sort?: Sort | undefined;
  onSort?: ((sort: Sort) => void) | undefined;
  /** Columns to leave out, for narrow places. */
  columns?: readonly (keyof Stats)[];
}

const titles: Record<keyof Stats, string> = { last: "Last", min: "Min", max: "Max", avg: "Avg" };
const allColumns: readonly (keyof Stats)[] = ["last", "min", "max", "avg"];

interface Row {
  series: ChartSeries;
  stats: Stats;
}

export function LegendTable({ label, series, unit, legend, totalSeries, onShowMore, fetching = false, top = 10, sort, onSort, columns = allColumns }: Props) {
  const [ownSort, setOwnSort] = useState<Sort>({ column: "max", descending: true });
  const [all, setAll] = useState(false);
  const order = sort ?? ownSort;
  const rows = useMemo(() => {
    const list = series.map((s): Row => ({ series: s, stats: statsOf(s.values) }));
    return sortRows(list, (row) => (order.column === "name" ? row.series.label : row.stats[order.column as keyof Stats]), order.descending);
  }, [series, order.column, order.descending]);
  const shown = all ? rows : rows.slice(0, top);
  const change = onSort ?? setOwnSort;

  if (series.length === 0) return null;
  return (
    <div className={classes.legend} onMouseLeave={() => legend.setHighlight(undefined)}>
      <div className={classes.frame} data-scrolls={all && rows.length > 12}>
        <table className={classes.table} aria-label={label}>
          <thead>
            <tr>
              <Head id="name" title="Series" sort={order} onSort={change} />
              {columns.map((column) => (
                <Head key={column} id={column} title={titles[column]} sort={order} onSort={change} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <SeriesRow key={row.series.key} row={row} unit={unit} legend={legend} columns={columns} />
            ))}
          </tbody>
        </table>
      </div>
      <Foot shown={shown.length} loaded={rows.length} total={Math.max(rows.length, totalSeries ?? 0)} top={top} all={all} onAll={setAll} onShowMore={onShowMore} fetching={fetching} legend={legend} />
    </div>
  );
}

function Head({ id, title, sort, onSort }: { id: string; title: string; sort: Sort; onSort: (sort: Sort) => void }) {
  const sorted = sort.column === id;
  return (
    <th scope="col" {...(sorted ? { "aria-sort": sort.descending ? ("descending" as const) : ("ascending" as const) } : {})}>
      <button type="button" className={classes.sort} onClick={() => onSort({ column: id, descending: sorted ? !sort.descending : id !== "name" })}>
        {title}
        <span aria-hidden="true">{sorted ? (sort.descending ? "▼" : "▲") : ""}</span>
      </button>
    </th>
  );
}

function SeriesRow({ row: { series, stats }, unit, legend, columns }: { row: Row; unit: Unit; legend: LegendState; columns: readonly (keyof Stats)[] }) {
  const hidden = legend.hidden.has(series.key);
  const choose = (event: MouseEvent) => legend.choose(series.key, event.ctrlKey || event.metaKey);
  return (
    <tr data-hidden={hidden} onMouseEnter={() => legend.setHighlight(hidden ? undefined : series.key)} onClick={choose}>
      <th scope="row">
        <button
          type="button"
          className={classes.name}
          aria-pressed={!hidden}
          title={`${series.label}\nClick: only this one. Ctrl or Cmd and click: hide or show it.`}
          onFocus={(event) => event.currentTarget.matches(":focus-visible") && legend.setHighlight(hidden ? undefined : series.key)}
          onBlur={() => legend.setHighlight(undefined)}
        >
          <Swatch series={series} listed />
          <span>{series.label}</span>
        </button>
      </th>
      {columns.map((column) => (
        <td key={column}>{format(stats[column], unit)}</td>
      ))}
    </tr>
  );
}

interface FootProps {
  shown: number;
  loaded: number;
  total: number;
  top: number;
  all: boolean;
  onAll: (all: boolean) => void;
  onShowMore: (() => void) | undefined;
  fetching: boolean;
  legend: LegendState;
}

/** Foot says what is left out, and brings it. */
function Foot({ shown, loaded, total, top, all, onAll, onShowMore, fetching, legend }: FootProps) {
  const hidden = legend.hidden.size;
  if (loaded <= top && total <= loaded && hidden === 0) return null;
  return (
    <p className={classes.foot}>
      {shown < total && <span>{shown < loaded ? `Top ${shown} of ${total} series` : `The largest ${loaded} of ${total} series`}</span>}
      {shown < loaded && (
        <button type="button" onClick={() => onAll(true)}>
          {loaded < total ? `List all ${loaded} drawn` : "Show all"}
        </button>
      )}
      {all && loaded > top && (
        <button type="button" onClick={() => onAll(false)}>
          Show only {top}
        </button>
      )}
      {onShowMore && loaded < total && (
        <button type="button" disabled={fetching} onClick={onShowMore}>
          {fetching ? "Loading more" : "Show more"}
        </button>
      )}
      {hidden > 0 && (
        <button type="button" onClick={legend.showAll}>
          {hidden} hidden, show them
        </button>
      )}
    </p>
  );
}
