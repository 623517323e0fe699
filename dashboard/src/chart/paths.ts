// Bars as uPlot draws them: each on the top of what is below it, or side by side.

import uPlot from "uplot";

interface Bars {
  /** Which of the bars that stand side by side, and how many there are; one in a stack. */
  slot: number;
  slots: number;
  /** The row that a stacked bar stands on; undefined for zero. */
  below: () => ArrayLike<number | null | undefined> | undefined;
}

/** stepOf is the smallest distance of two times. */
export function stepOf(times: ArrayLike<number>): number {
  let step = Infinity;
  for (let i = 1; i < times.length; i++) step = Math.min(step, times[i]! - times[i - 1]!);
  return step;
}

/** Room beside the bars of one time. */
const gapShare = 0.2;

/** barPaths draws bars around their times. */
export function barPaths({ slot, slots, below }: Bars): uPlot.Series.PathBuilder {
  return (chart, seriesIndex, first, last) => {
    const times = chart.data[0];
    const row = chart.data[seriesIndex];
    const path = new Path2D();
    if (!row) return { stroke: path, fill: path };
    const base = below();
    const x = chart.scales["x"]!;
    const step = stepOf(times);
    const wide = Number.isFinite(step) ? (step / ((x.max ?? 1) - (x.min ?? 0))) * chart.bbox.width : 24 * devicePixelRatio;
    const room = Math.max(slots, wide * (1 - gapShare));
    const width = Math.max(1, room / slots - (slots > 1 && room / slots > 3 ? 1 : 0));
    const zero = chart.scales["y"]!.distr === 3 ? (chart.scales["y"]!.min ?? 1) : 0;
    for (let i = first; i <= last; i++) {
      const value = row[i];
      if (value === null || value === undefined) continue;
      const left = chart.valToPos(times[i]!, "x", true) - room / 2 + (room / slots) * slot;
      const top = chart.valToPos(value, "y", true);
      const bottom = chart.valToPos(base?.[i] ?? zero, "y", true);
      path.rect(Math.round(left), Math.min(top, bottom), Math.max(1, Math.round(width)), Math.abs(bottom - top));
    }
    return { stroke: path, fill: path };
  };
}
