// From a chart's series to its lines: named, coloured, in an order that stays.

import type { Labels } from "../api/types";
import type { ChartSeries } from "../chart/data";
import type { Frame } from "../live/frame";
import { styleOf } from "../chart/styles";
import { named, type Naming } from "../overview/series";
import type { Scheme } from "../theme";

const collator = new Intl.Collator("en", { numeric: true });

export type Lines = { label: string; naming: Naming; quiet?: readonly string[] } | ((labels: Labels) => string);

/** linesOf names the series of a frame, and gives each its look. */
export function linesOf(frame: Frame, lines: Lines, scheme: Scheme): ChartSeries[] {
  if (typeof lines !== "function") return named(frame, lines.label, lines.naming, (i) => styleOf(i, scheme).colour, lines.quiet, 0);
  return frame.series
    .map(({ key, labels, values }) => ({ key, label: lines(labels) || "value", values }))
    .toSorted((a, b) => collator.compare(a.label, b.label))
    .map((s, i) => ({ ...s, ...styleOf(i, scheme) }));
}
