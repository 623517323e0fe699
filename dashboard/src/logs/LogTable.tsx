// The lines: only those on the screen are in the page. One row is the active one, moved by keys.

import { Button } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";

import { useShortcut } from "../ui/shortcuts";
import type { LogRecord } from "../api/types";
import type { Matcher } from "./highlight";
import type { LogList, Side, Start } from "./list";
import classes from "./LogTable.module.css";
import { LogRow } from "./LogRow";
import { useViewport } from "./useViewport";
import type { VisibleTimes } from "./visible";

export const headerHeight = 26;

export interface LogTableProps {
  list: LogList;
  start: Start;
  columns: readonly string[];
  wrap: boolean;
  zone: string;
  /** Times are written with their date. */
  dates: boolean;
  matcher: Matcher;
  open: ReadonlySet<string>;
  onToggle: (record: LogRecord) => void;
  /** The id of the line that is marked: the one that others are shown around. */
  marked: string | undefined;
  details: (record: LogRecord) => ReactNode;
  onNewest: (at: boolean) => void;
  /** End and Home: the other end of the range may be far away. */
  onJump: (to: "newest" | "oldest") => void;
  /** Tells the page how to go back to the newest line. */
  bindNewest: (go: () => void) => void;
  /** Is told which times are on the screen. */
  visible: VisibleTimes;
}

export function LogTable(props: LogTableProps) {
  const { list, start, columns, wrap, zone, dates, matcher, open, onToggle, marked, details, onNewest, onJump, bindNewest, visible } = props;
  const scroller = useRef<HTMLDivElement>(null);
  useSyncExternalStore(list.subscribe, list.getVersion);
  const view = useViewport(scroller, list, start, headerHeight);
  const [active, setActive] = useState<string>();
  const { rows } = list;

  const drawing = `${wrap} ${columns.join()}`;
  const drawn = useRef(drawing);
  if (drawn.current !== drawing) {
    drawn.current = drawing;
    rows.forgetHeights();
  }

  const { toNewest, scrollTo } = view;
  useLayoutEffect(() => bindNewest(toNewest), [bindNewest, toNewest]);
  useEffect(() => onNewest(view.atNewest), [onNewest, view.atNewest]);

  const measure = useMeasure(list);
  const shown = useMemo(() => Array.from({ length: Math.max(0, view.last - view.first + 1) }, (_, i) => view.first + i), [view.first, view.last]);
  useVisibleTimes(list, view.first, view.last, visible);

  const move = useCallback(
    (by: number) => {
      const at = active === undefined ? -1 : rows.indexOf(active);
      const from = at < 0 ? rows.indexAt(scroller.current?.scrollTop ?? 0) - Math.sign(by) : at;
      const to = Math.min(Math.max(0, from + by), rows.count - 1);
      const record = rows.at(to);
      if (record) setActive(record.id);
      scrollTo(to);
    },
    [active, rows, scrollTo],
  );
  const toggleActive = () => {
    const record = active === undefined ? undefined : rows.at(rows.indexOf(active));
    if (record) onToggle(record);
  };
  const jump = (end: Side) => onJump((end === "above") === (list.order === "desc") ? "newest" : "oldest");

  useShortcut("j", "Next line", () => move(1), { group: "Logs" });
  useShortcut("k", "Line before", () => move(-1), { group: "Logs" });
  useShortcut(["o", "x"], "Open or close the line", toggleActive, { group: "Logs" });
  useShortcut("Home", "To the top", () => jump("above"), { group: "Logs" });
  useShortcut("End", "To the bottom", () => jump("below"), { group: "Logs" });

  function keys(event: KeyboardEvent) {
    if (event.target !== scroller.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: view.page - 1, PageUp: 1 - view.page };
    const step = steps[event.key];
    if (step !== undefined) move(step);
    else if (event.key === "Enter" || event.key === " ") toggleActive();
    else return;
    event.preventDefault();
  }

  const template = `${dates ? 158 : 96}px minmax(70px, 116px) ${columns.map(() => "minmax(80px, 150px)").join(" ")} minmax(220px, 1fr)`;
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      data-wrap={wrap}
      data-log-rows={rows.count}
      role="treegrid"
      aria-label="Log lines"
      aria-rowcount={list.ends.below.done && list.ends.above.done ? rows.count + 1 : -1}
      aria-colcount={columns.length + 3}
      aria-activedescendant={active === undefined ? undefined : rowID(active)}
      tabIndex={0}
      onKeyDown={keys}
      style={{ "--log-columns": template } as CSSProperties}
    >
      <div className={classes.header} role="row" aria-rowindex={1}>
        {["Time", "Service", ...columns, "Message"].map((name) => (
          <span key={name} role="columnheader" title={name}>
            {name}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: view.height }} className={classes.canvas}>
        <div className={classes.rows} style={{ top: view.offset }} role="presentation">
          {shown.map((index) => {
            const record = rows.at(index);
            if (!record) return <div key={`#${index}`} className={classes.blank} aria-hidden="true" />;
            const expanded = open.has(record.id);
            return (
              <LogRow
                key={record.id}
                id={rowID(record.id)}
                record={record}
                index={index}
                columns={columns}
                zone={zone}
                dates={dates}
                matcher={matcher}
                expanded={expanded}
                active={record.id === active}
                marked={record.id === marked}
                onToggle={onToggle}
                onActive={setActive}
                measure={wrap || expanded ? measure : undefined}
                details={expanded ? details(record) : undefined}
              />
            );
          })}
        </div>
      </div>
      <EndNote list={list} side="below" />
    </div>
  );
}

const rowID = (id: string) => `log-${id}`;

/** useMeasure gives rows of their own height to an observer, which tells the list. */
function useMeasure(list: LogList): (element: HTMLElement) => () => void {
  const observer = useRef<ResizeObserver>(undefined);
  const current = useRef(list);
  current.current = list;
  useEffect(() => () => observer.current?.disconnect(), []);
  return useCallback((element: HTMLElement) => {
    observer.current ??= new ResizeObserver((entries) => {
      let changed = false;
      for (const { target } of entries) {
        const index = Number((target as HTMLElement).dataset["index"]);
        const height = (target as HTMLElement).offsetHeight;
        if (target.isConnected && height > 0) changed = current.current.rows.setHeight(index, height) || changed;
      }
      if (changed) current.current.changed();
    });
    observer.current.observe(element);
    return () => observer.current?.unobserve(element);
  }, []);
}

/** useVisibleTimes says between which times the lines on the screen are. */
function useVisibleTimes(list: LogList, first: number, last: number, visible: VisibleTimes): void {
  const { version } = list;
  useEffect(() => {
    const a = list.rows.at(first);
    const b = list.rows.at(last);
    if (!a || !b) return;
    const times = [Date.parse(a.time), Date.parse(b.time)];
    visible.set(Math.min(...times), Math.max(...times));
  }, [list, first, last, version, visible]);
}

/** EndNote says what is behind the last line. */
function EndNote({ list, side }: { list: LogList; side: Side }) {
  const end = list.ends[side];
  if (list.status !== "ready" || list.rows.count === 0) return null;
  const what = (side === "below") === (list.order === "desc") ? "older" : "newer";
  if (end.error) {
    return (
      <p className={classes.note} role="alert">
        The {what} lines can't be loaded: {end.error.message}{" "}
        <Button size="compact-xs" variant="default" onClick={() => void list.more(side)}>
          Try again
        </Button>
      </p>
    );
  }
  if (list.full) return <p className={classes.note}>This is as far as one page goes. Choose a shorter time range, or jump to the other end.</p>;
  return <p className={classes.note}>{end.done ? "No more lines in this time range" : `Loading ${what} lines`}</p>;
}
