// Pages through a search in both directions from where it begins, holding a bounded number of
// lines, and takes in the lines that a live tail brings.

import type { LogPage, LogRecord } from "../api/types";
import type { PageRequest, Span } from "./api";
import { plusNanos, sortKey } from "./moment";
import { comparePositions, positionOf, rowHeight, Rows, type Page, type Position } from "./rows";
import type { LineRef, Order } from "./search";

export type Start = "newest" | "oldest" | LineRef;

interface Options {
  fetch: (request: PageRequest, signal: AbortSignal) => Promise<LogPage>;
  order: Order;
  span: Span;
  start: Start;
  pageSize?: number;
  /** Records held at most; those far from the view are given up. */
  mostHeld?: number;
}

export type Side = "above" | "below";

/** One end of what is held: whether there is more, and how to go on. */
interface End {
  done: boolean;
  loading: boolean;
  error: Error | undefined;
  request: PageRequest | undefined;
}

/** The height of an element that browsers still draw; lines past it need a shorter time range. */
const highest = 15_000_000;
const firstPage = 200;
/** Lines may be stored a little later than their own time. */
const catchUpNanos = 2e9;

export class LogList {
  readonly rows: Rows;
  readonly order: Order;
  /** Of the first search: until it has answered there is nothing to say about lines. */
  status: "loading" | "ready" | "failed" | "cancelled" = "loading";
  error: Error | undefined;
  /** Goes up with every change. */
  version = 0;
  readonly ends: Record<Side, End> = { above: fresh(), below: fresh() };

  private readonly options: Required<Options>;
  private readonly listeners = new Set<() => void>();
  private stopped = new AbortController();
  private readonly reloading = new Set<Page>();
  private view: [number, number] = [0, 0];

  constructor(options: Options) {
    this.options = { pageSize: 500, mostHeld: 10_000, ...options };
    this.order = options.order;
    this.rows = new Rows(options.order);
  }

  subscribe = (callback: () => void): (() => void) => {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  };

  getVersion = (): number => this.version;

  /** changed tells who draws the list to do so again. */
  changed(): void {
    this.version += 1;
    this.listeners.forEach((callback) => callback());
  }

  /** dispose ends all requests. */
  dispose(): void {
    this.stopped.abort();
    this.listeners.clear();
  }

  /** cancel ends a first search that takes too long. */
  cancel(): void {
    if (this.status !== "loading") return;
    this.stopped.abort();
    this.status = "cancelled";
    this.changed();
  }

  /** The end at which new lines arrive. */
  get newestSide(): Side {
    return this.options.order === "desc" ? "above" : "below";
  }

  /** begin asks for the first lines; again after a failure. */
  async begin(): Promise<void> {
    const { start, span, order } = this.options;
    this.stopped = new AbortController();
    this.status = "loading";
    this.error = undefined;
    this.rows.pages = [];
    Object.assign(this.ends, { above: fresh(), below: fresh() });
    this.changed();
    const first = (start === "newest") === (order === "desc") ? "below" : "above";
    try {
      if (typeof start === "object") await this.beginAt(start);
      else {
        this.ends[first === "below" ? "above" : "below"].done = true;
        await this.load(first, span, firstPage);
      }
      this.status = "ready";
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      this.status = "failed";
      this.error = error as Error;
    }
    this.changed();
  }

  /** beginAt shows a line with its neighbours on both sides. */
  private async beginAt(line: LineRef): Promise<void> {
    const { span, order } = this.options;
    const after = { from: line.time, to: span.to };
    const before = { from: span.from, to: line.time };
    // The line itself is on the newer side, whose range begins with it.
    await Promise.all([this.load("below", order === "desc" ? before : after, firstPage), this.load("above", order === "desc" ? after : before, firstPage)]);
  }

  private orderOf(side: Side): Order {
    return (side === "below") === (this.options.order === "desc") ? "desc" : "asc";
  }

  /** load asks for the next lines of one side, from the cursor or the range that is given. */
  private async load(side: Side, span: Span | undefined, limit: number): Promise<void> {
    const end = this.ends[side];
    const request = span ? { ...span, order: this.orderOf(side), limit } : (end.request ?? { ...this.beyond(side), order: this.orderOf(side), limit });
    const { signal } = this.stopped;
    const page = await this.options.fetch(request, signal);
    signal.throwIfAborted();
    let records = page.logs ?? [];
    if (side === "above") records = records.toReversed();
    records = this.beyondHeld(side, records);
    if (side === "above") this.rows.prepend(records);
    else this.rows.append(records);
    end.done = page.next === undefined || page.next === "";
    end.request = end.done ? undefined : { ...request, limit: this.options.pageSize, cursor: page.next };
    end.error = undefined;
  }

  /** beyond is the range of what comes after the last line held, that line's moment included. */
  private beyond(side: Side): Span {
    const { span } = this.options;
    const edge = this.edge(side);
    if (!edge) return span;
    if (this.orderOf(side) === "desc") return { from: span.from, to: plusNanos(`${edge.time}Z`, 1) };
    return { from: `${edge.time}Z`, to: span.to };
  }

  private edge(side: Side): Position | undefined {
    return side === "above" ? this.rows.pages[0]?.first : this.rows.pages.at(-1)?.last;
  }

  /** beyondHeld leaves out the records that are held already. */
  private beyondHeld(side: Side, records: LogRecord[]): LogRecord[] {
    const edge = this.edge(side);
    if (!edge) return records;
    const sign = side === "above" ? -1 : 1;
    return records.filter((record) => comparePositions(positionOf(record), edge, this.options.order) * sign > 0);
  }

  /** more loads further lines of one side, unless it does already. */
  async more(side: Side): Promise<void> {
    const end = this.ends[side];
    if (this.status !== "ready" || end.done || end.loading || this.full) return;
    end.loading = true;
    end.error = undefined;
    this.changed();
    try {
      await this.load(side, undefined, this.options.pageSize);
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      end.error = error as Error;
    } finally {
      end.loading = false;
    }
    this.giveUpFar();
    this.changed();
  }

  /** full says that the list can't grow: browsers draw no higher elements. */
  get full(): boolean {
    return this.rows.count * rowHeight > highest;
  }

  /** show says which rows are on the screen: pages near them are loaded, far ones given up. */
  show(first: number, last: number): void {
    this.view = [first, last];
    if (this.status !== "ready") return;
    const margin = this.options.pageSize;
    for (const page of this.rows.pagesBetween(first - 100, last + 100)) if (!page.records) void this.reload(page);
    if (first < margin && !this.ends.above.error) void this.more("above");
    if (last > this.rows.count - margin && !this.ends.below.error) void this.more("below");
  }

  private giveUpFar(): void {
    let held = this.rows.loaded;
    if (held <= this.options.mostHeld) return;
    const middle = (this.view[0] + this.view[1]) / 2;
    const far: { page: Page; distance: number }[] = [];
    let before = 0;
    for (const page of this.rows.pages) {
      if (page.records) far.push({ page, distance: Math.abs(before + page.count / 2 - middle) });
      before += page.count;
    }
    for (const { page } of far.toSorted((a, b) => b.distance - a.distance)) {
      if (held <= this.options.mostHeld) return;
      held -= page.count;
      this.rows.giveUp(page);
    }
  }

  /** reload asks again for a page that was given up, by the time and id of its ends. */
  private async reload(page: Page): Promise<void> {
    if (this.reloading.has(page)) return;
    this.reloading.add(page);
    const { signal } = this.stopped;
    const { order } = this.options;
    const [oldest, newest] = order === "desc" ? [page.last, page.first] : [page.first, page.last];
    const records: LogRecord[] = [];
    try {
      let request: PageRequest | undefined = { from: `${oldest.time}Z`, to: plusNanos(`${newest.time}Z`, 1), order, limit: page.count + 50 };
      while (request) {
        const answer: LogPage = await this.options.fetch(request, signal);
        signal.throwIfAborted();
        records.push(...(answer.logs ?? []));
        request = answer.next ? { ...request, cursor: answer.next } : undefined;
      }
      const inside = (at: Position) => comparePositions(at, page.first, order) >= 0 && comparePositions(at, page.last, order) <= 0;
      this.rows.replace(page, records.filter((record) => inside(positionOf(record))));
      this.giveUpFar();
      this.changed();
    } catch {
      // The rows stay blank; scrolling asks again.
    } finally {
      this.reloading.delete(page);
    }
  }

  /**
   * addLive puts the lines of a tail into their places at the newest end and returns how many
   * were new. Lines older than all that is held are left to paging.
   */
  addLive(arrived: readonly LogRecord[], most: number): number {
    if (this.status !== "ready") return 0;
    const { order } = this.options;
    const sorted = arrived.toSorted((a, b) => comparePositions(positionOf(a), positionOf(b), order));
    const newest = this.edge(this.newestSide);
    const sign = this.newestSide === "above" ? -1 : 1;
    const beyond = sorted.filter((record) => !newest || comparePositions(positionOf(record), newest, order) * sign > 0);
    let added = 0;
    const late = new Set(sorted);
    for (const record of beyond) late.delete(record);
    for (const record of late) if (this.insert(record)) added += 1;
    const unique = beyond.filter((record, i) => record.id !== beyond[i - 1]?.id);
    if (unique.length > 0) this.extend(unique);
    added += unique.length;
    if (added > 0) {
      this.trim(most);
      this.changed();
    }
    return added;
  }

  /**
   * catchUp asks for lines that were written between the search and the beginning of a tail:
   * neither has them.
   */
  async catchUp(most: number): Promise<void> {
    const end = this.ends[this.newestSide];
    if (this.status !== "ready" || !end.done) return;
    const { span } = this.options;
    const { signal } = this.stopped;
    const from = this.newestTime === undefined ? span.from : plusNanos(`${this.newestTime}Z`, -catchUpNanos);
    try {
      const page = await this.options.fetch({ from: sortKey(from) < sortKey(span.from) ? span.from : from, to: span.to, order: "desc", limit: this.options.pageSize }, signal);
      if (!signal.aborted) this.addLive(page.logs ?? [], most);
    } catch {
      // The tail goes on; a new search shows what is missing.
    }
  }

  /** extend puts lines at the newest end, into the page there while that is small. */
  private extend(records: LogRecord[]): void {
    const above = this.newestSide === "above";
    const page = above ? this.rows.pages[0] : this.rows.pages.at(-1);
    if (page?.records && page.count < this.options.pageSize) {
      this.rows.replace(page, above ? [...records, ...page.records] : [...page.records, ...records]);
    } else if (above) this.rows.prepend(records);
    else this.rows.append(records);
  }

  /** insert puts a line that came late between its neighbours. */
  private insert(record: LogRecord): boolean {
    const at = positionOf(record);
    const { order } = this.options;
    const page = this.rows.pages.find((candidate) => comparePositions(at, candidate.last, order) <= 0) ?? (this.ends.below.done ? this.rows.pages.at(-1) : undefined);
    if (!page?.records || (page === this.rows.pages[0] && comparePositions(at, page.first, order) < 0 && !this.ends.above.done)) return false;
    let index = page.records.findIndex((other) => comparePositions(positionOf(other), at, order) >= 0);
    if (index < 0) index = page.records.length;
    if (page.records[index]?.id === record.id) return false;
    this.rows.replace(page, page.records.toSpliced(index, 0, record));
    return true;
  }

  /** trim drops the pages that are furthest from the newest end; paging brings them back. */
  private trim(most: number): void {
    const far: Side = this.newestSide === "above" ? "below" : "above";
    const { pages } = this.rows;
    while (pages.length > 1 && this.rows.count - (far === "below" ? pages.at(-1) : pages[0])!.count >= most) {
      const dropped = far === "below" ? pages.pop() : pages.shift();
      if (dropped) this.rows.giveUp(dropped);
      Object.assign(this.ends[far], fresh());
    }
  }

  /** newestTime is the time of the newest line that is held. */
  get newestTime(): string | undefined {
    return this.edge(this.newestSide)?.time;
  }

  has(line: LineRef): boolean {
    return this.rows.indexOf(line.id) >= 0;
  }
}

function fresh(): End {
  return { done: false, loading: false, error: undefined, request: undefined };
}
