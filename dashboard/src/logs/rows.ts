// The lines that the page holds, in the order of the screen: pages of records, each of which
// may be given up when it is far from what is shown and asked for again when it is needed. Most
// rows have one height; the exceptions (open ones, wrapped ones) are remembered by id.

import type { LogRecord } from "../api/types";
import { sortKey } from "./moment";
import type { Order } from "./search";

export const rowHeight = 22;

export interface Position {
  /** As sortKey writes it. */
  time: string;
  id: string;
}

export function positionOf(record: LogRecord): Position {
  return { time: sortKey(record.time), id: record.id };
}

/** comparePositions is below 0 when a is shown above b. */
export function comparePositions(a: Position, b: Position, order: Order): number {
  const later = a.time === b.time ? (a.id === b.id ? 0 : a.id > b.id ? 1 : -1) : a.time > b.time ? 1 : -1;
  return order === "desc" ? -later : later;
}

export interface Page {
  /** Absent while the page is given up. */
  records: LogRecord[] | undefined;
  count: number;
  first: Position;
  last: Position;
  /** How much higher than count rows it is, in pixels. */
  extra: number;
}

export class Rows {
  readonly order: Order;
  pages: Page[] = [];
  private readonly heights = new Map<string, number>();

  constructor(order: Order) {
    this.order = order;
  }

  get count(): number {
    return this.pages.reduce((sum, page) => sum + page.count, 0);
  }

  get loaded(): number {
    return this.pages.reduce((sum, page) => sum + (page.records ? page.count : 0), 0);
  }

  get height(): number {
    return this.pages.reduce((sum, page) => sum + heightOf(page), 0);
  }

  makePage(records: LogRecord[]): Page {
    const first = records[0];
    const last = records.at(-1);
    if (!first || !last) throw new Error("a page has at least one record");
    return { records, count: records.length, first: positionOf(first), last: positionOf(last), extra: this.extraOf(records) };
  }

  private extraOf(records: LogRecord[]): number {
    if (this.heights.size === 0) return 0;
    return records.reduce((sum, record) => sum + (this.heights.get(record.id) ?? rowHeight) - rowHeight, 0);
  }

  append(records: LogRecord[]): void {
    if (records.length > 0) this.pages.push(this.makePage(records));
  }

  prepend(records: LogRecord[]): void {
    if (records.length > 0) this.pages.unshift(this.makePage(records));
  }

  /** replace gives a page other records: it was given up, or some were added to it. */
  replace(page: Page, records: LogRecord[]): void {
    const at = this.pages.indexOf(page);
    if (at < 0) return;
    if (records.length === 0) this.pages.splice(at, 1);
    else this.pages[at] = this.makePage(records);
  }

  /** giveUp forgets the records of a page, and keeps their place. */
  giveUp(page: Page): void {
    for (const record of page.records ?? []) this.heights.delete(record.id);
    page.records = undefined;
    page.extra = 0;
  }

  at(index: number): LogRecord | undefined {
    let before = 0;
    for (const page of this.pages) {
      if (index < before + page.count) return page.records?.[index - before];
      before += page.count;
    }
    return undefined;
  }

  /** indexOf finds a record that is held; -1 when it isn't. */
  indexOf(id: string): number {
    let before = 0;
    for (const page of this.pages) {
      const at = page.records?.findIndex((record) => record.id === id) ?? -1;
      if (at >= 0) return before + at;
      before += page.count;
    }
    return -1;
  }

  heightAt(index: number): number {
    const record = this.at(index);
    return record ? (this.heights.get(record.id) ?? rowHeight) : rowHeight;
  }

  /** setHeight remembers the height of the record in a row; false when it is known already. */
  setHeight(index: number, height: number): boolean {
    const page = this.pagesBetween(index, index)[0];
    const id = this.at(index)?.id;
    if (!page || id === undefined) return false;
    const change = height - (this.heights.get(id) ?? rowHeight);
    if (change === 0) return false;
    if (height === rowHeight) this.heights.delete(id);
    else this.heights.set(id, height);
    page.extra += change;
    return true;
  }

  /** forgetHeights makes all rows alike: they are drawn in another way now. */
  forgetHeights(): void {
    this.heights.clear();
    for (const page of this.pages) page.extra = 0;
  }

  /** top is where a row begins, in pixels. */
  top(index: number): number {
    let y = 0;
    let before = 0;
    for (const page of this.pages) {
      if (index >= before + page.count) {
        y += heightOf(page);
        before += page.count;
        continue;
      }
      return y + this.topWithin(page, index - before);
    }
    return y;
  }

  private topWithin(page: Page, index: number): number {
    let y = index * rowHeight;
    if (page.extra === 0 || !page.records) return y;
    for (let i = 0; i < index; i++) y += (this.heights.get(page.records[i]?.id ?? "") ?? rowHeight) - rowHeight;
    return y;
  }

  /** indexAt is the row at a height of the list: the last one when it is past the end. */
  indexAt(y: number): number {
    let top = 0;
    let before = 0;
    for (const page of this.pages) {
      const height = heightOf(page);
      if (y >= top + height) {
        top += height;
        before += page.count;
        continue;
      }
      return before + this.indexWithin(page, Math.max(0, y - top));
    }
    return Math.max(0, before - 1);
  }

  private indexWithin(page: Page, y: number): number {
    if (page.extra === 0 || !page.records) return Math.min(page.count - 1, Math.floor(y / rowHeight));
    let top = 0;
    for (const [i, record] of page.records.entries()) {
      top += this.heights.get(record.id) ?? rowHeight;
      if (y < top) return i;
    }
    return page.count - 1;
  }

  /** pagesBetween are the pages that some rows are in. */
  pagesBetween(first: number, last: number): Page[] {
    const found: Page[] = [];
    let before = 0;
    for (const page of this.pages) {
      if (before + page.count > first && before <= last) found.push(page);
      before += page.count;
    }
    return found;
  }

  *records(): Iterable<LogRecord> {
    for (const page of this.pages) if (page.records) yield* page.records;
  }
}

export function heightOf(page: Page): number {
  return page.count * rowHeight + page.extra;
}
