// What the tooltip of a chart says, and where it stands.

import { valueAt } from "../live/frame";
import type { ChartSeries } from "./data";

export interface TooltipRow {
  series: ChartSeries;
  value: number;
  nearest: boolean;
}

export interface TooltipContent {
  rows: TooltipRow[];
  /** How many series have a value but no row. */
  more: number;
  /** The sum of all of them. */
  total: number;
}

export const mostRows = 12;

/** tooltipContent sorts what the series are at a point; the nearest one always has a row. */
export function tooltipContent(series: readonly ChartSeries[], index: number, nearest: string | undefined, most = mostRows): TooltipContent {
  const all: TooltipRow[] = [];
  let total = 0;
  for (const s of series) {
    const value = valueAt(s.values, index);
    if (value === null) continue;
    total += value;
    all.push({ series: s, value, nearest: s.key === nearest });
  }
  all.sort((a, b) => b.value - a.value);
  const rows = all.slice(0, most);
  const missed = all.findIndex((row) => row.nearest);
  if (missed >= most) rows[most - 1] = all[missed]!;
  return { rows, more: all.length - rows.length, total };
}

interface Box {
  width: number;
  height: number;
}

const distance = 14;
const margin = 6;
/** Below this width a tooltip beside the cursor would cover where the finger goes next. */
const narrowest = 600;

/**
 * placeTooltip stands the tooltip beside the cursor, on its other side where there is no room, above
 * or below it in a narrow window, and always inside the window.
 */
export function placeTooltip(cursor: { x: number; y: number }, tooltip: Box, view: Box): { x: number; y: number } {
  const right = cursor.x + distance;
  const left = cursor.x - distance - tooltip.width;
  const narrow = view.width < narrowest;
  if (!narrow && right + tooltip.width <= view.width - margin) return inside({ x: right, y: cursor.y - tooltip.height / 2 }, tooltip, view);
  if (!narrow && left >= margin) return inside({ x: left, y: cursor.y - tooltip.height / 2 }, tooltip, view);
  const above = cursor.y - tooltip.height - 2 * distance;
  return inside({ x: cursor.x - tooltip.width / 2, y: above >= margin ? above : cursor.y + 2 * distance }, tooltip, view);
}

function inside({ x, y }: { x: number; y: number }, tooltip: Box, view: Box): { x: number; y: number } {
  const clamp = (value: number, most: number) => Math.round(Math.max(margin, Math.min(value, most - margin)));
  return { x: clamp(x, view.width - tooltip.width), y: clamp(y, view.height - tooltip.height) };
}
