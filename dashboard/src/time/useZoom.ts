// A chart chooses another range for the whole page.

import { useCallback } from "react";

import { usePageTime } from "./context";
import type { TimeRange } from "./range";

/** The narrowest and the widest range, in seconds. */
const narrowest = 5;
const widest = 366 * 86_400;

const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** lengthOf writes seconds in the largest unit that they fill: 15m. */
function lengthOf(seconds: number): string {
  for (const [name, size] of [["d", 86_400], ["h", 3600], ["m", 60]] as const) {
    if (seconds % size === 0) return `${seconds / size}${name}`;
  }
  return `${seconds}s`;
}

/**
 * rangeOf writes Unix seconds as the address holds them. A range that reaches the present ends
 * there, and stays there if it did so before: zooming out keeps a page live.
 */
export function rangeOf(from: number, to: number, now: number, live: boolean): TimeRange | undefined {
  let start = Math.round(from);
  let end = Math.round(to);
  if (end - start < narrowest) {
    const middle = Math.round((from + to) / 2);
    start = middle - Math.floor(narrowest / 2);
    end = start + narrowest;
  }
  if (end - start > widest) start = end - widest;
  if (start >= now) return undefined;
  // Nothing is in the future: the range is moved back, not cut.
  if (end > now + 1) {
    start -= end - Math.floor(now);
    end = Math.floor(now);
    if (live) return { from: `now-${lengthOf(Math.min(end - start, widest))}`, to: "now" };
  }
  return start < end ? { from: iso(start), to: iso(end) } : undefined;
}

/** useZoom shows a range, such as what was marked in a chart, in the whole page. */
export function useZoom(): (from: number, to: number) => void {
  const { setRange, canLive } = usePageTime();
  return useCallback(
    (from, to) => {
      const range = rangeOf(from, to, Date.now() / 1000, canLive);
      if (range) setRange(range);
    },
    [setRange, canLive],
  );
}
