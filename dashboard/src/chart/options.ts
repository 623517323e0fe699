// How charts look and behave: hairline grid, no frame, one shared cursor.

import uPlot from "uplot";

import { axisFormatter, logFormatter } from "../format/axis";
import { baseOf, secondsOf, type Unit } from "../format/units";
import { chartColours, type Scheme } from "../theme";
import { isolated, type Layout } from "./data";
import { drawBands, drawMarks, withAlpha, type Annotation, type Threshold } from "./marks";
import { barPaths } from "./paths";
import { logAxis, partsFor, valueAxis, type Axis } from "./scale";
import { timeLabels } from "./time-axis";

export type ChartKind = "line" | "area" | "bar";

/** What may change while the chart stays: its callbacks read it when they run. */
export interface Current {
  min: number | undefined;
  max: number | undefined;
  zero: boolean | undefined;
  layout: Layout;
  thresholds: readonly Threshold[];
  annotations: readonly Annotation[];
}

/** What a chart is made for; another one needs another chart. */
export interface Shape {
  scheme: Scheme;
  kind: ChartKind;
  stacked: boolean;
  log: boolean;
  unit: Unit;
  zone: string;
  /** Of each row, in the order that they are drawn. */
  rows: readonly RowShape[];
}

export interface RowShape {
  colour: string;
  dash: readonly number[] | undefined;
  below: number;
  negative: boolean;
  order: number;
}

interface Settings extends Shape {
  width: number;
  height: number;
  current: () => Current;
  onCursor: (chart: uPlot) => void;
  onSelect: (from: number, to: number) => void;
}

export const chartFont = '11px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';

/** Above this number of series their fills would only darken each other. */
const mostFills = 3;
/** Above this number of series only the nearest has a dot at the cursor. */
const mostDots = 20;

export function chartOptions(settings: Settings): uPlot.Options {
  const { scheme, stacked, kind, rows, current, zone } = settings;
  const { grid, text } = chartColours[scheme];
  const axis = axisReader(settings);
  return {
    width: settings.width,
    height: settings.height,
    legend: { show: false },
    padding: [8, 2, 0, 0],
    pxAlign: 1,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    focus: { alpha: 0.18 },
    cursor: {
      y: false,
      points: { show: !stacked && kind !== "bar" && rows.length <= mostDots, size: 6 },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: { key: "page" },
      bind: { dblclick: () => () => null },
    },
    scales: {
      x: { time: true, auto: false },
      y: { distr: settings.log ? 3 : 1, log: baseOf(settings.unit) === 1024 ? 2 : 10, range: (chart, low, high) => axis.range(chart, low, high) },
    },
    axes: [
      { stroke: text, font: chartFont, size: 22, gap: 4, space: 44, grid: { show: false }, ticks: { show: false }, values: timeLabels(zone) },
      {
        stroke: text,
        font: chartFont,
        size: (_, values) => Math.max(62, 16 + 6.2 * Math.max(0, ...(values ?? []).map((value) => value.length))),
        gap: 6,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        splits: () => axis.ticks(),
        values: (_, values) => axis.labels(values),
        // uPlot leaves out marks of logarithms between the powers of ten; ours are chosen already.
        filter: (_, values) => values,
      },
    ],
    bands: kind === "bar" ? [] : rows.flatMap(({ below, negative }, i) => (below < 0 ? [] : [{ series: [i + 1, below + 1] as [number, number], dir: negative ? (1 as const) : (-1 as const) }])),
    series: [{}, ...rows.map((row, i) => seriesOptions(row, i, settings))],
    hooks: {
      drawClear: [(chart) => drawBands(chart, current().thresholds, current().annotations, scheme)],
      draw: [(chart) => drawMarks(chart, current().thresholds, current().annotations, scheme)],
      setCursor: [(chart) => settings.onCursor(chart)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          const from = chart.posToVal(left, "x");
          const to = chart.posToVal(left + width, "x");
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          settings.onSelect(from, to);
        },
      ],
    },
  };
}

function seriesOptions({ colour, dash, below, order }: RowShape, index: number, { kind, stacked, rows, current }: Settings): uPlot.Series {
  if (kind === "bar") {
    const under = () => (below < 0 ? undefined : current().layout.data[below + 1]);
    return {
      stroke: colour,
      width: 0,
      fill: withAlpha(colour, 0.85),
      points: { show: false },
      paths: barPaths({ slot: stacked ? 0 : order, slots: stacked ? 1 : rows.length, below: under }),
    };
  }
  const alpha = stacked ? 0.55 : kind === "area" ? 0.25 : rows.length <= mostFills ? 0.08 : 0;
  return {
    stroke: colour,
    width: stacked ? 1 : 1.5,
    ...(alpha > 0 ? { fill: (chart) => (kind === "line" && isCut(chart) ? "transparent" : withAlpha(colour, alpha)) } : {}),
    ...(dash ? { dash: [...dash] } : {}),
    points: { show: false, size: 4, width: 0, fill: colour, filter: (chart) => isolatedOf(chart.data[index + 1] ?? []) },
    spanGaps: false,
  };
}

/** isCut says that the axis begins above zero: a fill would look like a quantity. */
const isCut = (chart: uPlot) => (chart.scales["y"]?.min ?? 0) > 0;

const known = new WeakMap<object, number[] | null>();

/** isolatedOf remembers the lonely samples of a row while it is drawn again and again. */
function isolatedOf(row: readonly (number | null | undefined)[] | uPlot.TypedArray): number[] | null {
  const before = known.get(row);
  if (before !== undefined) return before;
  const found = isolated(row as readonly (number | null | undefined)[]);
  const answer = found.length > 0 ? found : null;
  known.set(row, answer);
  return answer;
}

/** axisReader keeps the marks that belong to the range which uPlot asked for last. */
function axisReader({ unit, log, stacked, kind, current }: Settings) {
  let axis: Axis = { min: 0, max: 1, ticks: [0, 1] };
  const labels = (log ? logFormatter : axisFormatter)(unit);
  return {
    range(chart: uPlot, low: number | null, high: number | null): [number, number] {
      const { min, max, zero, thresholds } = current();
      const parts = partsFor(chart.height);
      const wanted = { base: baseOf(unit), parts, min, max, zero: zero ?? (stacked || kind !== "line" ? true : undefined), seconds: secondsOf(unit) };
      const [from, to] = withThresholds(low, high, thresholds);
      axis = log ? logAxis(from, to, wanted) : valueAxis(from, to, wanted);
      return [axis.min, axis.max];
    },
    ticks: () => axis.ticks,
    labels: (values: number[]) => labels(values),
  };
}

/** withThresholds makes room for the thresholds that the data come near to. */
function withThresholds(low: number | null, high: number | null, thresholds: readonly Threshold[]): [number | null, number | null] {
  if (high === null || low === null) return [low, high];
  const near = thresholds.map(({ value }) => value).filter((value) => value > 0 && high > 0 && value <= high * 2);
  return [low, Math.max(high, ...near)];
}
