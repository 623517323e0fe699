// Marks of the time axis, on the clock of the page's zone.

import type uPlot from "uplot";

import { formatTime } from "../time/zone";

/**
 * timeLabels writes ticks as 14:05, as 14:05:30 when they are closer, with the day at midnight.
 * One that an edge of the chart would cut is left out.
 */
export function timeLabels(zone: string) {
  return (chart: uPlot, values: number[], _: number, __: number, distance: number): string[] =>
    values.map((value) => {
      const half = distance < 60 ? 26 : 17;
      if (chart.valToPos(value, "x") > chart.bbox.width / devicePixelRatio - half) return "";
      return timeLabel(value, distance, zone);
    });
}

/** timeLabel writes one tick of an axis whose ticks are so many seconds apart. */
export function timeLabel(seconds: number, distance: number, zone: string): string {
  const clock = formatTime(seconds * 1000, zone);
  if (distance < 60) return clock;
  if (distance >= 86_400 * 300) return formatTime(seconds * 1000, zone, "full").slice(0, 4);
  if (distance >= 86_400 || clock === "00:00:00") return formatTime(seconds * 1000, zone, "day");
  return clock.slice(0, 5);
}
