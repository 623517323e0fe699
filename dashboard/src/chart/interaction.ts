// What mouse, finger and keys do in a chart: follow the cursor, pin it, zoom, move in time.

import type uPlot from "uplot";

import { valueAt } from "../live/frame";
import { nearestOf, type CursorStore } from "./cursor";
import type { ChartSeries, Layout } from "./data";
import { actionOf, shifted, zoomed, type ChartAction } from "./keys";

export interface Shown {
  times: readonly number[];
  series: readonly ChartSeries[];
  layout: Layout;
  stacked: boolean;
  from: number;
  to: number;
  onZoom: ((from: number, to: number) => void) | undefined;
}

export class Interaction {
  private chart: uPlot | undefined;
  /** The pointer is over this chart. */
  private hovering = false;
  /** A button went down in this chart, so that what is marked was marked here. */
  private pressed: { x: number; y: number } | undefined;
  /** A key moves the cursor just now. */
  private acting = false;

  constructor(
    private readonly store: CursorStore,
    private readonly shown: () => Shown,
  ) {}

  /** attach listens to a chart until the returned function is called. */
  attach(chart: uPlot): () => void {
    this.chart = chart;
    const { over } = chart;
    const events = new AbortController();
    const { signal } = events;
    over.addEventListener("pointerenter", () => (this.hovering = true), { signal });
    over.addEventListener("pointermove", () => (this.hovering = true), { signal, capture: true });
    over.addEventListener("pointerleave", () => (this.hovering = false), { signal });
    over.addEventListener("mousedown", ({ clientX: x, clientY: y }) => (this.pressed = { x, y }), { signal });
    over.addEventListener("click", (event) => this.click(event), { signal });
    over.addEventListener("dblclick", () => this.zoom(2), { signal });
    // After uPlot's own listener, which asks for what was marked.
    document.addEventListener("mouseup", () => setTimeout(() => (this.pressed = undefined)), { signal });
    document.addEventListener("pointerdown", (event) => this.pressElsewhere(event), { signal });
    return () => {
      events.abort();
      this.chart = undefined;
      this.hovering = false;
    };
  }

  /** follow takes over where uPlot's cursor is. */
  readonly follow = (chart: uPlot): void => {
    const { left = -1, top = 0, idx } = chart.cursor;
    const { state } = this.store;
    if (left < 0 || idx === null || idx === undefined) {
      this.store.move({ index: null, left: 0, top: 0, time: 0, source: "other", nearest: undefined });
      return;
    }
    // New data move the cursor too, but not to another place.
    const byKeys = this.acting || (!this.hovering && state.source === "keys" && Math.abs(state.left - left) < 1);
    const source = byKeys ? "keys" : this.hovering ? "mouse" : "other";
    const nearest = source === "mouse" ? nearestOf(this.places(chart, idx), top) : byKeys ? state.nearest : undefined;
    this.store.move({ index: idx, left, top, time: chart.data[0][idx] ?? 0, source, nearest });
  };

  readonly select = (from: number, to: number): void => {
    if (this.pressed) this.shown().onZoom?.(from, to);
  };

  /** key serves a key press; true when it was the chart's. */
  key(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): boolean {
    const action = actionOf(event);
    if (!action || !this.chart) return false;
    if (action.kind === "leave" && this.store.state.index === null) return false;
    this.act(action, this.chart);
    return true;
  }

  /** leave takes the cursor away, as when the focus goes. */
  leave(): void {
    this.store.leave();
    if (this.chart) setCursor(this.chart, -10, -10);
  }

  private act(action: ChartAction, chart: uPlot): void {
    const { from, to, onZoom } = this.shown();
    switch (action.kind) {
      case "move":
        return this.moveBy(chart, action.points);
      case "end":
        return this.moveBy(chart, action.last ? Infinity : -Infinity);
      case "series":
        return this.step(chart, action.by);
      case "shift":
        return onZoom?.(...shifted(from, to, action.by));
      case "zoom":
        return this.zoom(action.factor);
      case "pin":
        return this.store.pin(!this.store.state.pinned);
      case "leave":
        return this.leave();
    }
  }

  private zoom(factor: number): void {
    const { from, to, onZoom } = this.shown();
    const { index, time } = this.store.state;
    onZoom?.(...zoomed(from, to, factor, factor < 1 && index !== null ? time : undefined));
  }

  private moveBy(chart: uPlot, points: number): void {
    const { times, from, to } = this.shown();
    const first = times.findIndex((time) => time >= from);
    const last = times.findLastIndex((time) => time <= to);
    if (first < 0 || last < first) return;
    const { index } = this.store.state;
    const start = index ?? (points > 0 ? first - 1 : last + 1);
    const next = Math.max(first, Math.min(last, points === Infinity ? last : points === -Infinity ? first : start + points));
    this.show(chart, next, this.store.state.nearest ?? this.ranked(next)[0]);
  }

  /** step goes to the series with the next larger or smaller value. */
  private step(chart: uPlot, by: 1 | -1): void {
    const { index, nearest } = this.store.state;
    if (index === null) return;
    const ranked = this.ranked(index);
    const at = ranked.indexOf(nearest ?? "");
    this.show(chart, index, ranked[Math.max(0, Math.min(ranked.length - 1, at + by))]);
  }

  private ranked(index: number): string[] {
    return this.shown()
      .series.flatMap(({ key, values }) => {
        const value = valueAt(values, index);
        return value === null ? [] : [{ key, value }];
      })
      .toSorted((a, b) => b.value - a.value)
      .map(({ key }) => key);
  }

  private show(chart: uPlot, index: number, nearest: string | undefined): void {
    const time = this.shown().times[index];
    if (time === undefined) return;
    this.store.pin(false);
    const place = [...this.places(chart, index)].find(({ key }) => key === nearest);
    const left = chart.valToPos(time, "x");
    const top = place?.top ?? chart.over.clientHeight / 2;
    this.acting = true;
    setCursor(chart, left, top);
    this.acting = false;
    this.store.move({ index, left, top, time, source: "keys", nearest });
  }

  /** places is where each series is drawn at a point. */
  private *places(chart: uPlot, index: number): Generator<{ key: string; top: number | null }> {
    const { series, layout } = this.shown();
    for (let row = 0; row < layout.order.length; row++) {
      const key = series[layout.order[row]!]?.key;
      const value = valueAt((layout.data[row + 1] ?? []) as (number | null | undefined)[], index);
      if (key !== undefined) yield { key, top: value === null ? null : chart.valToPos(value, "y") };
    }
  }

  private click(event: MouseEvent): void {
    const { pressed, store } = this;
    // The end of marking is a click too.
    if (pressed && Math.abs(pressed.x - event.clientX) > 4) return;
    const touch = event instanceof PointerEvent && event.pointerType === "touch";
    if (store.state.pinned && touch) {
      // The finger points at another place: show that, pinned again.
      store.pin(false);
      if (this.chart) this.follow(this.chart);
      store.pin(true);
    } else store.pin(!store.state.pinned);
  }

  private pressElsewhere(event: Event): void {
    if (!this.store.state.pinned || !(event.target instanceof Element)) return;
    if (this.chart?.root.contains(event.target) || event.target.closest("[data-chart-tooltip]")) return;
    this.leave();
  }
}

/** setCursor moves the cursor of this chart and of those that share it; the types of uPlot lack the last argument. */
function setCursor(chart: uPlot, left: number, top: number): void {
  (chart.setCursor as (place: { left: number; top: number }, fire: boolean, publish: boolean) => void)({ left, top }, true, true);
}
