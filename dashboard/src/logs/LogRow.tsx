// One line, and its details when it is open.

import { memo, useCallback, type ReactNode } from "react";

import type { LogRecord } from "../api/types";
import { formatTime } from "../time/zone";
import { fieldValue, severity } from "./fields";
import type { Matcher } from "./highlight";
import classes from "./LogTable.module.css";

interface Props extends CellsProps {
  id: string;
  index: number;
  expanded: boolean;
  active: boolean;
  marked: boolean;
  onToggle: (record: LogRecord) => void;
  onActive: (id: string) => void;
  /** Given when the row may have a height of its own. */
  measure: ((element: HTMLElement) => () => void) | undefined;
  details: ReactNode;
}

interface CellsProps {
  record: LogRecord;
  columns: readonly string[];
  zone: string;
  dates: boolean;
  matcher: Matcher;
}

export const LogRow = memo(function LogRow({ id, index, expanded, active, marked, onToggle, onActive, measure, details, ...cells }: Props) {
  const { record } = cells;
  const ref = useCallback((element: HTMLDivElement | null) => (element && measure ? measure(element) : undefined), [measure]);
  return (
    <div ref={ref} className={classes.item} data-index={index} role="presentation" data-measured={measure !== undefined}>
      <div
        id={id}
        className={classes.row}
        role="row"
        aria-rowindex={index + 2}
        aria-expanded={expanded}
        aria-selected={active}
        data-severity={severity(record.level)}
        data-marked={marked}
        data-id={record.id}
        onClick={() => {
          onActive(record.id);
          // A click that ends a selection of text is no click on the line.
          if (getSelection()?.isCollapsed ?? true) onToggle(record);
        }}
      >
        <Cells {...cells} />
      </div>
      {expanded && (
        <div className={classes.details} role="row" aria-label={`Fields of the line of ${record.time}`}>
          <div role="gridcell" aria-colspan={cells.columns.length + 3}>
            {details}
          </div>
        </div>
      )}
    </div>
  );
});

const Cells = memo(function Cells({ record, columns, zone, dates, matcher }: CellsProps) {
  return (
    <>
      <time className={classes.time} role="gridcell" dateTime={record.time}>
        {formatTime(Date.parse(record.time), zone, dates ? "fullMillis" : "millis")}
      </time>
      <span className={classes.field} role="gridcell">
        <Marked matcher={matcher} field="service" text={record.service ?? ""} />
      </span>
      {columns.map((name) => (
        <span key={name} className={classes.field} role="gridcell">
          <Marked matcher={matcher} field={name} text={fieldValue(record, name)} />
        </span>
      ))}
      <span className={classes.message} role="gridcell">
        <Marked matcher={matcher} field="message" text={record.message} />
      </span>
    </>
  );
});

/** Marked shows a text with what the filter looks for set off. */
export function Marked({ matcher, field, text }: { matcher: Matcher; field: string; text: string }) {
  const segments = matcher(field, text);
  if (segments.length === 1 && !segments[0]?.hit) return <>{text}</>;
  // oxlint-disable-next-line react/no-array-index-key -- the parts of a text have no other name
  return <>{segments.map((segment, i) => (segment.hit ? <mark key={i}>{segment.text}</mark> : segment.text))}</>;
}
