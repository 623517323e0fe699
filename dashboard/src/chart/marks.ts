// Thresholds and annotations: lines and bands across the plot, behind and above the series.

import type uPlot from "uplot";

import { chartColours, levelColours, type Scheme } from "../theme";

export type Level = "good" | "warn" | "bad" | "info";

export interface Threshold {
  /** Where the line is, or the band begins. */
  value: number;
  /** Where the band ends; without it there is only a line. */
  to?: number | undefined;
  level: Level;
  label?: string | undefined;
}

export interface Annotation {
  /** Unix seconds. */
  time: number;
  /** The end of something that lasted. */
  end?: number | undefined;
  label: string;
  level?: Level | undefined;
}

/** withAlpha is #rrggbb with an alpha. */
export function withAlpha(colour: string, alpha: number): string {
  return colour + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

/** levelOf is what a value means: the level of the highest threshold that it has reached. */
export function levelOf(value: number | null, thresholds: readonly Threshold[]): Level | undefined {
  if (value === null) return undefined;
  let found: Threshold | undefined;
  for (const threshold of thresholds) {
    if (value < threshold.value || (threshold.to !== undefined && value >= threshold.to)) continue;
    if (!found || threshold.value >= found.value) found = threshold;
  }
  return found?.level;
}

/** drawBands fills the bands of thresholds and what annotations span; it lies behind the series. */
export function drawBands(chart: uPlot, thresholds: readonly Threshold[], annotations: readonly Annotation[], scheme: Scheme): void {
  const { ctx, bbox } = chart;
  ctx.save();
  clip(chart);
  for (const { value, to, level } of thresholds) {
    if (to === undefined) continue;
    const top = Number.isFinite(to) ? chart.valToPos(to, "y", true) : bbox.top;
    ctx.fillStyle = withAlpha(levelColours[scheme][level], 0.09);
    ctx.fillRect(bbox.left, top, bbox.width, chart.valToPos(value, "y", true) - top);
  }
  for (const { time, end, level = "info" } of annotations) {
    if (end === undefined) continue;
    const left = chart.valToPos(time, "x", true);
    ctx.fillStyle = withAlpha(levelColours[scheme][level], 0.1);
    ctx.fillRect(left, bbox.top, Math.max(devicePixelRatio, chart.valToPos(end, "x", true) - left), bbox.height);
  }
  ctx.restore();
}

/** drawMarks draws the lines of thresholds with their names, and those of annotations. */
export function drawMarks(chart: uPlot, thresholds: readonly Threshold[], annotations: readonly Annotation[], scheme: Scheme): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  clip(chart);
  ctx.lineWidth = ratio;
  ctx.font = `${10 * ratio}px sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  for (const { value, level, label } of thresholds) {
    const y = Math.round(chart.valToPos(value, "y", true)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = levelColours[scheme][level];
    line(ctx, [6 * ratio, 4 * ratio], bbox.left, y, bbox.left + bbox.width, y);
    if (label) outlined(ctx, label, bbox.left + bbox.width - 4 * ratio, y - 2 * ratio, scheme);
  }
  for (const { time, level = "info" } of annotations) {
    const x = Math.round(chart.valToPos(time, "x", true)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = levelColours[scheme][level];
    line(ctx, [3 * ratio, 3 * ratio], x, bbox.top, x, bbox.top + bbox.height);
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, bbox.top);
    ctx.lineTo(x + 4 * ratio, bbox.top);
    ctx.lineTo(x, bbox.top + 6 * ratio);
    ctx.fill();
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, dash: number[], x0: number, y0: number, x1: number, y1: number): void {
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** outlined keeps a name readable above lines. */
function outlined(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, scheme: Scheme): void {
  const stroke = ctx.strokeStyle;
  ctx.strokeStyle = withAlpha(chartColours[scheme].surface, 0.85);
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
}

function clip({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}
