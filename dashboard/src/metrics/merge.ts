// Several queries on one chart: their points on one time axis.

import type { Labels } from "../api/types";
import type { Frame } from "../live/frame";

/** A frame whose series may lack points of the axis (undefined), which is no gap. */
export interface MergedFrame {
  times: number[];
  series: { key: string; labels: Labels; values: (number | null | undefined)[] }[];
}

/** sameTimes says that two axes are one, without looking at each point. */
function sameTimes(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a[0] === b[0] && a.at(-1) === b.at(-1));
}

/**
 * mergeFrames puts frames on one axis. Points that are nearer to each other than half a step are
 * one point: live values of two queries come a moment apart. Keys get the frame's place before
 * them, because two queries may answer the same series.
 */
export function mergeFrames(frames: readonly Frame[], step: number): MergedFrame {
  const filled = frames.filter((frame) => frame.times.length > 0);
  const [first] = filled;
  const keyed = (frame: Frame, place: number) => frame.series.map((series) => ({ ...series, key: `${place}:${series.key}` }));
  if (!first) return { times: [], series: [] };
  if (filled.every((frame) => sameTimes(frame.times, first.times))) return { times: first.times, series: frames.flatMap(keyed) };

  const times: number[] = [];
  for (const time of filled.flatMap((frame) => frame.times).toSorted((a, b) => a - b)) {
    if (times.length === 0 || time - times.at(-1)! > step / 2) times.push(time);
  }
  const series = frames.flatMap((frame, place) => {
    const at = placesOf(frame.times, times);
    return keyed(frame, place).map((one) => {
      const values = Array.from<number | null | undefined>({ length: times.length });
      at.forEach((index, i) => {
        values[index] = one.values[i] ?? values[index] ?? null;
      });
      return { ...one, values };
    });
  });
  return { times, series };
}

/** placesOf finds, for each time, the point of the axis that it became: the last one not after it. */
function placesOf(times: readonly number[], axis: readonly number[]): number[] {
  let at = 0;
  return times.map((time) => {
    while (at + 1 < axis.length && axis[at + 1]! <= time) at++;
    return at;
  });
}
