// A chart in one sentence, for those who can't see it.

import { format, type Unit } from "../format/units";
import { valueAt } from "../live/frame";
import type { ChartSeries } from "./data";
import { statsOf } from "./stats";

const mostNamed = 8;

/** summaryOf names what a few series are now; of many it says the extremes. */
export function summaryOf(series: readonly ChartSeries[], unit: Unit): string {
  if (series.length === 0) return "no data";
  if (series.length <= mostNamed) return series.map((s) => `${s.label} ${format(valueAt(s.values, null), unit)}`).join(", ");
  const ranked = series.map((s) => ({ label: s.label, max: statsOf(s.values).max, min: statsOf(s.values).min })).filter((s) => s.max !== null);
  const [first] = ranked.toSorted((a, b) => b.max! - a.max!);
  if (!first) return `${series.length} series without values`;
  const least = Math.min(...ranked.map((s) => s.min!));
  return `${series.length} series from ${format(least, unit)} to ${format(first.max, unit)}, the highest is ${first.label}`;
}
