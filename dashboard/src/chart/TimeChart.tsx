// A chart over time. uPlot draws it. What is at the cursor, which all charts of the page share,
// stands in the legend below and in a tooltip.

import { useComputedColorScheme } from "@mantine/core";
import { useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import type { Unit } from "../format/units";
import type { Frame } from "../live/frame";
import { useTimeZone } from "../time/zone";
import { CursorStore } from "./cursor";
import { layOut, type ChartSeries } from "./data";
import { Interaction, type Shown } from "./interaction";
import { useChartKeys } from "./keys";
import { Legend } from "./Legend";
import type { Annotation, Threshold } from "./marks";
import type { ChartKind } from "./options";
import { summaryOf } from "./summary";
import classes from "./TimeChart.module.css";
import { Tooltip } from "./Tooltip";
import { usePlot } from "./usePlot";

interface Props {
  /** What a screen reader says of the chart. */
  label: string;
  frame: Pick<Frame, "times">;
  series: readonly ChartSeries[];
  unit: Unit;
  from: number;
  to: number;
  /** "stacked" is a stack of areas. */
  kind?: ChartKind | "stacked";
  /** Also bars can be stacked. */
  stacked?: boolean;
  /** The value axis shows logarithms. */
  log?: boolean;
  /** The ends of the value axis, where they are known; otherwise it follows the data. */
  min?: number | undefined;
  max?: number | undefined;
  /** The value axis holds zero; without a word it does, unless the data are far from it. */
  zero?: boolean | undefined;
  thresholds?: readonly Threshold[];
  annotations?: readonly Annotation[];
  /** In pixels, or as much as there is. */
  height?: number | "fill";
  /** "compact" shows values below the chart, "none" leaves that to a LegendTable and the tooltip. */
  legend?: "compact" | "none";
  /** A tooltip follows the cursor; without a word only where no legend does. */
  tooltip?: boolean;
  /** Keys of series that are not drawn. */
  hidden?: ReadonlySet<string> | undefined;
  /** The key of the series that stands out. */
  highlight?: string | undefined;
  loading?: boolean;
  /** Shown in place of series. */
  empty?: string;
  /** Another range was chosen: by marking it, or with keys. */
  onZoom?: ((from: number, to: number) => void) | undefined;
}

const none: readonly never[] = [];

export function TimeChart(props: Props) {
  const { label, frame, series, unit, from, to, log = false, height = 132, legend = "compact", hidden, highlight, loading = false, onZoom } = props;
  const { min, max, zero, thresholds = none, annotations = none, tooltip = legend === "none" } = props;
  const kind = props.kind === "stacked" ? "area" : (props.kind ?? (props.stacked ? "area" : "line"));
  const stacked = props.kind === "stacked" || props.stacked === true;
  const scheme = useComputedColorScheme("light");
  const zone = useTimeZone();
  const holder = useRef<HTMLDivElement>(null);
  useChartKeys();

  const { times } = frame;
  const visible = useMemo(() => (hidden?.size ? series.filter(({ key }) => !hidden.has(key)) : series), [series, hidden]);
  const layout = useMemo(() => layOut(times, visible, { stacked, log }), [times, visible, stacked, log]);

  const shown = useRef<Shown>({ times, series: visible, layout, stacked, from, to, onZoom });
  useLayoutEffect(() => {
    shown.current = { times, series: visible, layout, stacked, from, to, onZoom };
  });
  const [store] = useState(() => new CursorStore());
  const [interaction] = useState(() => new Interaction(store, () => shown.current));

  const rows = layout.order.map((order, i) => {
    const { colour = "#888888", dash } = visible[order] ?? {};
    return { colour, dash, below: layout.below[i] ?? -1, negative: layout.negative[i] ?? false, order };
  });
  const row = highlight === undefined ? -1 : layout.order.findIndex((order) => visible[order]?.key === highlight);
  usePlot(holder, {
    shape: { scheme, kind, stacked, log, unit, zone, rows },
    current: { min, max, zero, layout, thresholds, annotations },
    from,
    to,
    highlight: row < 0 ? undefined : row,
    interaction,
  });

  const press = (event: KeyboardEvent) => {
    if (interaction.key(event)) event.preventDefault();
  };
  const summary = useMemo(() => summaryOf(visible, unit), [visible, unit]);
  const filling = height === "fill" ? { "data-fill": true } : {};
  return (
    <div className={classes.chart} {...filling} data-chart={label} data-points={times.length} data-series={visible.length} data-last-time={times.at(-1) ?? ""}>
      <div
        ref={holder}
        className={classes.canvas}
        style={height === "fill" ? undefined : { height }}
        role="img"
        tabIndex={0}
        aria-label={`${label}: ${summary}`}
        onKeyDown={press}
        onBlur={() => store.state.source === "keys" && !store.state.pinned && interaction.leave()}
      >
        {visible.length === 0 && <span className={classes.empty}>{emptyText(loading, series.length, props.empty)}</span>}
      </div>
      {legend === "compact" && <Legend series={visible} unit={unit} times={times} zone={zone} store={store} />}
      {tooltip && <Tooltip plot={holder} times={times} series={visible} unit={unit} zone={zone} stacked={stacked} store={store} onClose={() => interaction.leave()} />}
    </div>
  );
}

function emptyText(loading: boolean, series: number, empty = "No data in this time range"): string {
  if (loading) return "Loading";
  return series > 0 ? "All series are hidden" : empty;
}
