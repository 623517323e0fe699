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

/**
 * placeTooltip stands the tooltip beside the cursor, on its other side where there is no room, and
 * always inside the window.
 */
export function placeTooltip(cursor: { x: number; y: number }, tooltip: Box, view: Box): { x: number; y: number } {
  const right = cursor.x + distance;
  const left = cursor.x - distance - tooltip.width;
  const fits = right + tooltip.width <= view.width - margin;
  const x = fits ? right : left >= margin ? left : (view.width - tooltip.width) / 2;
  const y = cursor.y - tooltip.height / 2;
  return { x: clamp(x, view.width - tooltip.width - margin), y: clamp(y, view.height - tooltip.height - margin) };
}

function clamp(value: number, most: number): number {
  return Math.round(Math.max(margin, Math.min(value, most)));
}
