// The values at the cursor, beside it. It lies above everything, in the body, so that nothing cuts
// it, and only it is drawn again while the mouse moves.

import { useLayoutEffect, useRef, type RefObject } from "react";
import { createPortal } from "react-dom";

import { format, type Unit } from "../format/units";
import { formatTime } from "../time/zone";
import { useCursor, type CursorState, type CursorStore } from "./cursor";
import type { ChartSeries } from "./data";
import { Swatch } from "./Swatch";
import { placeTooltip, tooltipContent, type TooltipContent } from "./tooltip";
import classes from "./Tooltip.module.css";

interface Props {
  /** The element that the plot is in. */
  plot: RefObject<HTMLElement | null>;
  times: readonly number[];
  series: readonly ChartSeries[];
  unit: Unit;
  zone: string;
  stacked: boolean;
  store: CursorStore;
  onClose: () => void;
}

export function Tooltip(props: Props) {
  const { times, series, store, zone, unit } = props;
  const cursor = useCursor(store);
  const index = pointOf(cursor, times);
  if (index === null || series.length === 0) return null;
  const content = tooltipContent(series, index, cursor.nearest);
  const time = formatTime((times[index] ?? 0) * 1000, zone, "full");
  return (
    <>
      {createPortal(<Card {...props} cursor={cursor} content={content} time={time} />, document.body)}
      <span className="visually-hidden" aria-live="polite">
        {cursor.source === "keys" ? spoken(content, time, unit) : ""}
      </span>
    </>
  );
}

/** pointOf is the point to show; a pinned one stays at its time while new data come. */
function pointOf({ index, source, pinned, time }: CursorState, times: readonly number[]): number | null {
  if (index === null || (source === "other" && !pinned)) return null;
  if (!pinned) return index < times.length ? index : null;
  const at = times.findLastIndex((t) => t <= time);
  return at < 0 ? null : at;
}

function spoken({ rows, more }: TooltipContent, time: string, unit: Unit): string {
  const first = rows.find((row) => row.nearest) ?? rows[0];
  if (!first) return `${time}: no values`;
  const others = rows.length + more - 1;
  return `${time}: ${first.series.label} ${format(first.value, unit)}${others > 0 ? `, and ${others} more` : ""}`;
}

function Card({ plot, unit, stacked, cursor, content, time, onClose }: Props & { cursor: CursorState; content: TooltipContent; time: string }) {
  const card = useRef<HTMLDivElement>(null);
  const { pinned, left, top } = cursor;
  useLayoutEffect(() => {
    const over = plot.current?.querySelector(".u-over")?.getBoundingClientRect();
    const element = card.current;
    if (!over || !element) return;
    const size = { width: element.offsetWidth, height: element.offsetHeight };
    const { x, y } = placeTooltip({ x: over.left + left, y: over.top + top }, size, { width: document.documentElement.clientWidth, height: window.innerHeight });
    element.style.transform = `translate(${x}px, ${y}px)`;
  });
  return (
    <div ref={card} className={classes.card} data-chart-tooltip data-pinned={pinned} role="tooltip">
      <div className={classes.head}>
        <span>{time}</span>
        {pinned && (
          <button type="button" className={classes.close} aria-label="Close the values" onClick={onClose}>
            ×
          </button>
        )}
      </div>
      <table className={classes.values}>
        <tbody>
          {content.rows.map(({ series, value, nearest }, place) => (
            // Each row keeps its place: only texts change as the order does.
            <tr key={place} data-nearest={nearest}>
              <th scope="row">
                <Swatch series={series} listed />
                <span className={classes.name}>{series.label}</span>
              </th>
              <td>{format(value, unit)}</td>
            </tr>
          ))}
          {stacked && content.rows.length > 1 && (
            <tr className={classes.total}>
              <th scope="row">Total</th>
              <td>{format(content.total, unit)}</td>
            </tr>
          )}
        </tbody>
      </table>
      {content.rows.length === 0 && <p className={classes.more}>No values here</p>}
      {content.more > 0 && <p className={classes.more}>and {content.more} more</p>}
    </div>
  );
}
