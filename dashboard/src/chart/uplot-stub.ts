// Stands in for uPlot in component tests, which have no canvas:
// vi.mock("uplot", () => import("../chart/uplot-stub")).

import type { AlignedData, Options } from "uplot";

export default class UPlotStub {
  /** The charts that tests have on their page. */
  static readonly all = new Set<UPlotStub>();

  static tzDate(date: Date): Date {
    return date;
  }

  readonly over = document.createElement("div");
  readonly root = document.createElement("div");
  readonly cursor: { left: number; top: number; idx: number | null } = { left: -10, top: -10, idx: null };
  readonly series: unknown[];
  readonly scales: Record<string, { min: number; max: number }> = { x: { min: 0, max: 1 }, y: { min: 0, max: 1 } };
  width: number;
  height: number;
  focused: number | null = null;

  constructor(
    readonly options: Options,
    public data: AlignedData,
    holder: HTMLElement,
  ) {
    this.series = options.series;
    ({ width: this.width, height: this.height } = options);
    this.over.className = "u-over";
    this.root.append(this.over);
    holder.append(this.root);
    UPlotStub.all.add(this);
  }

  /** A pixel is a second, from the left; values are pixels from the top. */
  valToPos(value: number, scale: string): number {
    return scale === "x" ? value - (this.scales["x"]?.min ?? 0) : 1000 - value;
  }

  setCursor({ left, top }: { left: number; top: number }): void {
    const time = left + (this.scales["x"]?.min ?? 0);
    this.cursor.left = left;
    this.cursor.top = top;
    this.cursor.idx = left < 0 ? null : [...this.data[0]].findIndex((t) => t >= time - 0.001);
    for (const hook of this.options.hooks?.setCursor ?? []) hook?.(this as never);
  }

  setData(data: AlignedData): void {
    this.data = data;
  }

  setScale(key: string, range: { min: number; max: number }): void {
    this.scales[key] = range;
  }

  setSeries(index: number | null): void {
    this.focused = index;
  }

  setSize(size: { width: number; height: number }): void {
    Object.assign(this, size);
  }

  batch(work: () => void): void {
    work();
  }

  destroy(): void {
    this.root.remove();
    UPlotStub.all.delete(this);
  }
}
