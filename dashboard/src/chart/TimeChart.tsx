// A chart over time. uPlot draws it; the legend below is its tooltip as well: it shows the
// values at the cursor, which all charts of the page share.

import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { axisFormatter } from "../format/axis";
import { baseOf, format, type Unit } from "../format/units";
import { valueAt, type Frame } from "../live/frame";
import { formatClock } from "../time/range";
import { toAligned, type ChartSeries } from "./data";
import { Legend } from "./Legend";
import { chartOptions } from "./options";
import classes from "./TimeChart.module.css";

interface Props {
  /** What a screen reader says of the chart. */
  label: string;
  frame: Frame;
  series: ChartSeries[];
  unit: Unit;
  from: number;
  to: number;
  stacked?: boolean;
  /** The end of the value axis, where it is known; otherwise it follows the data. */
  max?: number | undefined;
  height?: number;
  loading?: boolean;
  onZoom?: (from: number, to: number) => void;
}

export function TimeChart({ label, frame, series, unit, from, to, stacked = false, max, height = 132, loading = false, onZoom }: Props) {
  const scheme = useComputedColorScheme("light");
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [cursor, setCursor] = useState<number | null>(null);

  // What uPlot's callbacks read when they run, long after they were made.
  const current = useRef({ max, onZoom, from, to });
  useLayoutEffect(() => {
    current.current = { max, onZoom, from, to };
  });

  // A chart is made for its colours; another number of series needs another chart.
  const colours = series.map((s) => s.colour).join(" ");
  const data = useMemo(() => toAligned(frame, series, stacked), [frame, series, stacked]);
  const latest = useRef(data);
  useLayoutEffect(() => {
    latest.current = data;
  }, [data]);

  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const options = chartOptions({
      width: element.clientWidth || 300,
      height,
      scheme,
      stacked,
      colours: colours === "" ? [] : colours.split(" "),
      base: baseOf(unit),
      ticks: axisFormatter(unit),
      current: () => current.current,
      onCursor: setCursor,
    });
    const chart = new uPlot(options, latest.current, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== chart.width) chart.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = undefined;
      chart.destroy();
    };
  }, [scheme, height, stacked, colours, unit]);

  useEffect(() => {
    const chart = plot.current;
    if (!chart || data.length !== chart.series.length) return;
    chart.setData(data, false);
    chart.setScale("x", { min: from, max: to });
  }, [data, from, to, max, scheme, height, stacked, colours, unit]);

  const at = cursor !== null && cursor < frame.times.length ? cursor : null;
  const summary = series.map((s) => `${s.label} ${format(valueAt(s.values, null), unit)}`).join(", ");
  return (
    <div className={classes.chart} data-chart={label} data-points={frame.times.length} data-last-time={frame.times.at(-1) ?? ""}>
      <div ref={holder} className={classes.canvas} style={{ height }} role="img" aria-label={`${label}: ${summary || "no data"}`}>
        {series.length === 0 && <span className={classes.empty}>{loading ? "Loading" : "No data in this time range"}</span>}
      </div>
      <Legend series={series} unit={unit} index={at} time={at === null ? undefined : formatClock((frame.times[at] ?? 0) * 1000)} />
    </div>
  );
}
