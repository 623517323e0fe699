// How charts look and behave: hairline grid, no frame, values from zero, one shared cursor.

import type uPlot from "uplot";

import { chartColours, type Scheme } from "../theme";
import { niceMax, ticks } from "./data";

interface Settings {
  width: number;
  height: number;
  scheme: Scheme;
  stacked: boolean;
  colours: string[];
  base: 1000 | 1024;
  ticks: (values: number[]) => string[];
  current: () => { max: number | undefined; onZoom: ((from: number, to: number) => void) | undefined };
  onCursor: (index: number | null) => void;
}

const font = '11px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';

/** A colour with an alpha, from #rrggbb. */
function withAlpha(colour: string, alpha: number): string {
  return colour + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

export function chartOptions(settings: Settings): uPlot.Options {
  const { scheme, stacked, colours } = settings;
  const { grid, text } = chartColours[scheme];
  const line = (colour: string): uPlot.Series => ({
    stroke: colour,
    width: stacked ? 1 : 1.5,
    fill: withAlpha(colour, stacked ? 0.55 : 0.08),
    points: { show: false },
    spanGaps: false,
  });
  return {
    width: settings.width,
    height: settings.height,
    legend: { show: false },
    padding: [8, 2, 0, 0],
    cursor: {
      y: false,
      points: { show: !stacked, size: 6 },
      drag: { x: true, y: false, setScale: false },
      sync: { key: "page" },
      bind: { dblclick: () => () => null },
    },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_, __, dataMax) => [0, settings.current().max ?? niceMax(dataMax ?? 0, settings.base)] },
    },
    axes: [
      {
        stroke: text,
        font,
        size: 22,
        gap: 4,
        space: 48,
        grid: { show: false },
        ticks: { show: false },
        values: timeLabels,
      },
      {
        stroke: text,
        font,
        size: 62,
        gap: 6,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        splits: (chart) => ticks(chart.scales["y"]?.max ?? 1),
        values: (_, values) => settings.ticks(values),
      },
    ],
    // A stack is drawn from its top: each is filled down to the next one, the last to zero.
    bands: stacked ? colours.slice(1).map((_, i) => ({ series: [i + 1, i + 2] as [number, number] })) : [],
    series: [{}, ...(stacked ? colours.toReversed() : colours).map(line)],
    hooks: {
      setCursor: [(chart) => settings.onCursor(chart.cursor.left !== undefined && chart.cursor.left >= 0 ? (chart.cursor.idx ?? null) : null)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          const from = chart.posToVal(left, "x");
          const to = chart.posToVal(left + width, "x");
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          settings.current().onZoom?.(from, to);
        },
      ],
    },
  };
}

const pad = (n: number) => String(n).padStart(2, "0");

/**
 * timeLabels writes ticks as 14:05, as 14:05:30 when they are closer, with the day at midnight.
 * One that the edge of the chart would cut is left out.
 */
function timeLabels(chart: uPlot, values: number[], _: number, __: number, distance: number): string[] {
  return values.map((value) => {
    const half = distance < 60 ? 26 : 17;
    if (chart.valToPos(value, "x") > chart.bbox.width / devicePixelRatio - half) return "";
    const d = new Date(value * 1000);
    const clock = `${pad(d.getHours())}:${pad(d.getMinutes())}`;
    if (distance < 60) return `${clock}:${pad(d.getSeconds())}`;
    const midnight = d.getHours() === 0 && d.getMinutes() === 0;
    return distance >= 86400 || midnight ? `${pad(d.getDate())} ${d.toLocaleString("en", { month: "short" })}` : clock;
  });
}
