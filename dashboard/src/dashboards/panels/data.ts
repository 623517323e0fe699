// From answers to what panels draw: one frame of several queries, one number of a series, the
// colour that a threshold gives it.

import type { Labels } from "../../api/types";
import type { Level, Threshold } from "../../chart/marks";
import { emptyFrame, type Frame, type FrameSeries } from "../../live/frame";

export type Calculation = "last" | "first" | "mean" | "min" | "max" | "sum";

export const calculations: readonly (readonly [Calculation, string])[] = [
  ["last", "Last"],
  ["mean", "Mean"],
  ["max", "Maximum"],
  ["min", "Minimum"],
  ["sum", "Sum"],
  ["first", "First"],
];

/** calculationOf reads a document's calculation, also in Perses' longer names. */
export function calculationOf(name: unknown): Calculation {
  const short = typeof name === "string" ? name.replace(/-number$/, "") : "";
  return calculations.find(([id]) => id === short)?.[0] ?? "last";
}

/** calculate makes one number of a series; null when it has none. */
export function calculate(values: readonly (number | null)[], calculation: Calculation): number | null {
  const numbers = values.filter((value): value is number => value !== null);
  if (numbers.length === 0) return null;
  switch (calculation) {
    case "last":
      return numbers.at(-1)!;
    case "first":
      return numbers[0]!;
    case "min":
      return numbers.reduce((least, value) => Math.min(least, value));
    case "max":
      return numbers.reduce((most, value) => Math.max(most, value));
    case "sum":
      return numbers.reduce((sum, value) => sum + value, 0);
    case "mean":
      return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  }
}

export interface NamedSeries extends FrameSeries {
  name: string;
  labels: Labels;
  /** Which query of the panel it answers. */
  query: number;
}

export interface NamedFrame {
  times: number[];
  series: NamedSeries[];
}

const sameTimes = (a: readonly number[], b: readonly number[]) => a.length === b.length && a[0] === b[0] && a.at(-1) === b.at(-1);

/** align lays the frames of several queries on one time axis; a time that one doesn't have is a gap. */
export function align(frames: readonly Frame[]): Frame[] {
  const filled = frames.filter((frame) => frame.times.length > 0);
  const [first] = filled;
  if (!first || filled.every((frame) => sameTimes(frame.times, first.times))) return frames.map((frame) => (frame.times.length > 0 ? frame : emptyFrame));
  const times = [...new Set(filled.flatMap((frame) => frame.times))].toSorted((a, b) => a - b);
  const at = new Map(times.map((time, i) => [time, i]));
  return frames.map((frame) => ({
    times,
    series: frame.series.map((series) => {
      const values: (number | null)[] = Array.from({ length: times.length }, () => null);
      frame.times.forEach((time, i) => (values[at.get(time)!] = series.values[i] ?? null));
      return { ...series, values };
    }),
  }));
}

export interface ThresholdStep {
  value: number;
  color?: string;
  name?: string;
}

export interface Thresholds {
  mode?: "absolute" | "percent";
  defaultColor?: string;
  steps?: ThresholdStep[];
}

/** The colours that a threshold can have, as Grafana and Perses name them, and what they mean here. */
export const thresholdColours: readonly (readonly [name: string, label: string, level: Level])[] = [
  ["green", "Green", "good"],
  ["yellow", "Yellow", "warn"],
  ["red", "Red", "bad"],
  ["blue", "Blue", "info"],
];

/** What a step without a colour gets: a warning first, then red. */
const usual: readonly Level[] = ["warn", "bad"];

/** Of a colour by its number, what it looks like most: people with any colour vision get our four. */
function levelOfHex(hex: string): Level {
  const full = hex.length === 4 ? hex.slice(1).replaceAll(/./g, "$&$&") : hex.slice(1, 7);
  const [r, g, b] = [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16)) as [number, number, number];
  if (b > r && b > g) return "info";
  if (g > r * 1.15) return "good";
  return r > g * 1.5 ? "bad" : "warn";
}

/** levelOfColour reads the colour of a step; shades such as "dark-red" count as their colour. */
export function levelOfColour(color: string | undefined, index: number): Level {
  if (color === undefined || color === "") return usual[Math.min(index, usual.length - 1)]!;
  if (/^#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(color)) return levelOfHex(color);
  const name = color.toLowerCase().replace(/^(?:super-light|semi-dark|light|dark)-/, "");
  return thresholdColours.find(([id]) => id === name)?.[2] ?? (name === "orange" ? "warn" : "info");
}

/** thresholdsFor lists them from the lowest up; percentages are of the largest value there can be. */
export function thresholdsFor(thresholds: Thresholds | undefined, largest?: number): Threshold[] {
  const scale = thresholds?.mode === "percent" ? (largest ?? 100) / 100 : 1;
  return (thresholds?.steps ?? [])
    .filter((step) => typeof step.value === "number" && Number.isFinite(step.value))
    .toSorted((a, b) => a.value - b.value)
    .map((step, i) => ({ value: step.value * scale, level: levelOfColour(step.color, i), label: step.name }));
}
