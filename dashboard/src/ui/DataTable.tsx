// A table that can be sorted by its columns; past two hundred rows only those in sight are drawn.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState, type ReactNode } from "react";

import { usePreference } from "../preferences";
import classes from "./DataTable.module.css";
import { sortRows, type Sort, type SortValue } from "./sorting";

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** What the column is sorted by; without it, it can't be. */
  sortBy?: (row: Row) => SortValue;
  /** Numbers stand right, and their first click sorts the largest to the top. */
  number?: boolean;
  /** Takes the room that is left, and cuts what is longer. */
  wide?: boolean;
  wrap?: boolean;
  /** Left out on narrow screens. */
  optional?: boolean;
  /** Explains the title. */
  hint?: string;
}

interface Props<Row> {
  /** Names the table for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** The order, where the page keeps it in the address; else the table keeps it. */
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  initialSort?: Sort;
  /** Clicking a row; give its first cell a link or button too, for the keyboard. */
  onRowClick?: (row: Row) => void;
  /** Stands in place of rows. */
  empty?: ReactNode;
  /** How tall the table gets before it scrolls by itself; a long one does so at 60vh. */
  maxHeight?: number | string;
}

const virtualFrom = 200;
const rowHeights: Record<string, number> = { compact: 27, comfortable: 37 };

export function DataTable<Row>({ label, columns, rows, rowKey, sort, onSort, initialSort, onRowClick, empty, maxHeight }: Props<Row>) {
  const [ownSort, setOwnSort] = useState(initialSort);
  const order = sort ?? ownSort;
  const by = columns.find((column) => column.id === order?.column)?.sortBy;
  const sorted = by && order ? sortRows(rows, by, order.descending) : rows;
  const density = usePreference("density");
  const frame = useRef<HTMLDivElement>(null);
  const virtual = sorted.length > virtualFrom;
  const virtualizer = useVirtualizer({ count: virtual ? sorted.length : 0, getScrollElement: () => frame.current, estimateSize: () => rowHeights[density] ?? 27, overscan: 12 });
  const items = virtualizer.getVirtualItems();
  const shown = virtual ? items.map((item) => item.index) : sorted.map((_, i) => i);
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);

  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    <div ref={frame} className={classes.frame} style={{ maxHeight: maxHeight ?? (virtual ? "60vh" : undefined) }} {...(virtual || maxHeight ? { tabIndex: 0, role: "group", "aria-label": label } : {})}>
      <table className={classes.table} data-density={density} aria-label={label} {...(virtual ? { "aria-rowcount": sorted.length + 1 } : {})}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={order} onSort={onSort ?? setOwnSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {virtual && <Space height={above} columns={columns.length} />}
          {shown.map((index) => {
            const row = sorted[index];
            if (row === undefined) return null;
            return (
              <tr key={rowKey(row)} {...(virtual ? { "aria-rowindex": index + 2 } : {})} data-clickable={onRowClick !== undefined} onClick={onRowClick && (() => onRowClick(row))}>
                {columns.map((column, i) => (
                  <Cell key={column.id} column={column} first={i === 0}>
                    {column.cell(row)}
                  </Cell>
                ))}
              </tr>
            );
          })}
          {virtual && <Space height={below} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | undefined; onSort: (sort: Sort) => void }) {
  const sorted = sort?.column === column.id ? sort : undefined;
  const next = { column: column.id, descending: sorted ? !sorted.descending : Boolean(column.number) };
  return (
    <th scope="col" {...look(column)} title={column.hint} {...(sorted ? { "aria-sort": sorted.descending ? "descending" : "ascending" } : {})}>
      {column.sortBy ? (
        <button type="button" className={classes.sort} onClick={() => onSort(next)}>
          {column.title}
          <span className={classes.arrow} aria-hidden="true">
            {sorted ? (sorted.descending ? "▼" : "▲") : ""}
          </span>
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

function Cell<Row>({ column, first, children }: { column: Column<Row>; first: boolean; children: ReactNode }) {
  const title = column.wide && typeof children === "string" ? children : undefined;
  return first ? (
    <th scope="row" {...look(column)} title={title}>
      {children}
    </th>
  ) : (
    <td {...look(column)} title={title}>
      {children}
    </td>
  );
}

function look<Row>(column: Column<Row>) {
  return {
    "data-align": column.number ? "right" : undefined,
    "data-wide": column.wide,
    "data-wrap": column.wrap,
    "data-narrow": column.optional ? "hide" : undefined,
  };
}

/** Space stands for rows that are out of sight. */
function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td className={classes.space} colSpan={columns} style={{ height }} />
    </tr>
  );
}
