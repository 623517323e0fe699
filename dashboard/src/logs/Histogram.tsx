// Counts over the whole time range, as stacked bars. Marking a part shows just that time. It asks
// for itself: when it fails the lines stay.

import { useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type PointerEvent, type RefObject } from "react";

import { format } from "../format/units";
import { seriesColours } from "../theme";
import { formatTime } from "../time/zone";
import { Failure } from "../ui/Failure";
import { fetchHistogram } from "./api";
import { severity } from "./fields";
import { barsOf, barStep, stackName, stackPath, ticksOf, type Bars, type Stack } from "./histogram";
import classes from "./Histogram.module.css";
import type { VisibleTimes } from "./visible";

interface Props {
  query: string;
  from: number;
  to: number;
  by: string;
  /** Goes up when it is to be asked again. */
  version: number;
  live: boolean;
  zone: string;
  /** Between which times the lines on the screen are. */
  visible: VisibleTimes;
  onZoom: (from: number, to: number) => void;
  onValue: (value: string, exclude: boolean) => void;
  onTotal: (total: number | undefined) => void;
}

const plotHeight = 64;

export function Histogram({ query, from, to, by, version, live, zone, visible, onZoom, onValue, onTotal }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const step = barStep(to - from, width);
  const answer = useQuery({
    queryKey: ["logs", "histogram", query, from, to, by, step, version],
    queryFn: async ({ signal }) => {
      // While the page is live its range ends now, and moves on.
      const moved = live ? Date.now() - to : 0;
      const span = { from: from + moved, to: to + moved };
      const asked = { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
      const { buckets } = await fetchHistogram(query, asked, step, by, signal);
      return barsOf(buckets, span.from, span.to, step, by);
    },
    enabled: width > 0,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: 1,
    refetchInterval: (q) => (live && q.state.status !== "error" ? 5000 : false),
  });
  const bars = answer.isError ? undefined : answer.data;
  const total = bars?.total;
  useEffect(() => onTotal(total), [onTotal, total]);

  return (
    <section className={classes.panel} aria-label="Lines over time">
      <div ref={holder} className={classes.plot}>
        {answer.isError && <Failure title="The counts over time can't be loaded" error={answer.error} onRetry={() => void answer.refetch()} />}
        {bars && width > 0 && <Plot bars={bars} width={width} by={by} zone={zone} visible={visible} onZoom={onZoom} />}
        {!bars && !answer.isError && <div className={classes.waiting} role="status" aria-label="Loading the counts over time" />}
      </div>
      {bars && bars.stacks.length > 0 && <StackLegend bars={bars} by={by} onValue={onValue} />}
    </section>
  );
}

function useWidth(element: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** colourOf is the colour of a stack: levels have their own. */
function useColourOf(by: string): (stack: Stack, index: number) => string {
  const scheme = useComputedColorScheme("light");
  return (stack, index) => {
    if (by === "level") return `var(--log-${severity(stack.value)})`;
    return stack.other || stack.value === "" ? "var(--log-none)" : (seriesColours[scheme][index % 8] ?? "var(--log-none)");
  };
}

interface PlotProps {
  bars: Bars;
  width: number;
  by: string;
  zone: string;
  visible: VisibleTimes;
  onZoom: (from: number, to: number) => void;
}

function Plot({ bars, width, by, zone, visible, onZoom }: PlotProps) {
  const colour = useColourOf(by);
  const [cursor, setCursor] = useState<number>();
  const [mark, setMark] = useState<{ from: number; to: number }>();
  const end = bars.from + bars.count * bars.step;
  const x = (time: number) => Math.min(width, Math.max(0, ((time - bars.from) / (end - bars.from)) * width));
  const paths = useMemo(() => bars.stacks.map((_, i) => stackPath(bars, i, width, plotHeight)), [bars, width]);
  const long = bars.count * bars.step > 86_400_000;

  const barAt = (event: PointerEvent) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    return Math.min(bars.count - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * bars.count)));
  };
  const zoom = (a: number, b: number) => onZoom(bars.from + Math.min(a, b) * bars.step, bars.from + (Math.max(a, b) + 1) * bars.step);

  function keys(event: KeyboardEvent) {
    const at = cursor ?? bars.count - 1;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: bars.count - 1 }[event.key];
    if (next !== undefined) {
      const to = Math.min(bars.count - 1, Math.max(0, next));
      setCursor(to);
      setMark(event.shiftKey ? { from: mark?.from ?? at, to } : undefined);
    } else if (event.key === "Enter" && cursor !== undefined) {
      zoom(mark?.from ?? cursor, mark?.to ?? cursor);
      setMark(undefined);
    } else if (event.key === "Escape" && mark) setMark(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const told = cursor === undefined ? `${bars.total} lines` : barText(bars, cursor, by, zone);
  return (
    <>
      <span className={classes.max}>{bars.max > 0 ? format(bars.max, "count") : ""}</span>
      <div
        className={classes.area}
        style={{ height: plotHeight }}
        role="slider"
        tabIndex={0}
        aria-label="Time in the histogram: arrows move, Shift marks, Enter zooms"
        aria-valuemin={0}
        aria-valuemax={bars.count - 1}
        aria-valuenow={cursor ?? bars.count - 1}
        aria-valuetext={told}
        data-bars={bars.count}
        data-total={bars.total}
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setMark({ from: barAt(event), to: barAt(event) });
        }}
        onPointerMove={(event) => {
          const at = barAt(event);
          setCursor(at);
          if (mark && event.currentTarget.hasPointerCapture(event.pointerId)) setMark({ from: mark.from, to: at });
        }}
        onPointerUp={() => {
          if (mark && mark.from !== mark.to) zoom(mark.from, mark.to);
          setMark(undefined);
        }}
        onDoubleClick={() => cursor !== undefined && zoom(cursor, cursor)}
        onPointerLeave={() => setCursor(undefined)}
        onBlur={() => setCursor(undefined)}
      >
        <svg width={width} height={plotHeight} aria-hidden="true">
          <Band visible={visible} x={x} />
          {paths.map((d, i) => (
            <path key={stackName(bars.stacks[i]!, by)} d={d} fill={colour(bars.stacks[i]!, i)} />
          ))}
          {cursor !== undefined && <rect className={classes.cursor} x={(cursor * width) / bars.count} width={width / bars.count} height={plotHeight} />}
          {mark && <rect className={classes.mark} x={(Math.min(mark.from, mark.to) * width) / bars.count} width={((Math.abs(mark.to - mark.from) + 1) * width) / bars.count} height={plotHeight} />}
        </svg>
        {cursor !== undefined && (
          <div className={classes.tip} style={cursor > bars.count / 2 ? { right: width - (cursor * width) / bars.count + 8 } : { left: ((cursor + 1) * width) / bars.count + 8 }}>
            {told}
          </div>
        )}
      </div>
      <div className={classes.axis} aria-hidden="true">
        {ticksOf(bars, width).map((time) => (
          <span key={time} style={{ left: x(time) }}>
            {long ? `${formatTime(time, zone, "day")} ` : ""}
            {formatTime(time, zone).slice(0, bars.step < 1000 || bars.count * bars.step < 600_000 ? 8 : 5)}
          </span>
        ))}
      </div>
    </>
  );
}

/** Band marks the times of the lines on the screen. */
function Band({ visible, x }: { visible: VisibleTimes; x: (time: number) => number }) {
  const times = useSyncExternalStore(visible.subscribe, visible.get);
  return times ? <rect className={classes.visible} x={x(times.from)} width={Math.max(3, x(times.to) - x(times.from))} height={plotHeight} /> : null;
}

function barText(bars: Bars, at: number, by: string, zone: string): string {
  const from = bars.from + at * bars.step;
  const parts = bars.stacks.filter((stack) => (stack.counts[at] ?? 0) > 0).map((stack) => `${stackName(stack, by)} ${stack.counts[at]}`);
  const style = bars.step < 1000 ? "millis" : "clock";
  const total = bars.totals[at] ?? 0;
  return `${formatTime(from, zone, style)} – ${formatTime(from + bars.step, zone, style)}: ${total === 1 ? "1 line" : `${total} lines`}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

function StackLegend({ bars, by, onValue }: { bars: Bars; by: string; onValue: (value: string, exclude: boolean) => void }) {
  const colour = useColourOf(by);
  return (
    <ul className={classes.legend} aria-label={`Lines by ${by}`}>
      {bars.stacks.map((stack, i) => (
        <li key={stackName(stack, by)}>
          <button
            type="button"
            disabled={stack.other}
            title={stack.other ? "Lines with rarer values" : "Click to show only these, Alt-click to exclude them"}
            onClick={(event) => onValue(stack.value, event.altKey)}
          >
            <i style={{ background: colour(stack, i) }} />
            {stackName(stack, by)}
            <b>{format(stack.total, "count")}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}
