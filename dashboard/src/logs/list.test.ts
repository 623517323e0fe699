import { expect, test, vi } from "vitest";

import type { LogPage, LogRecord } from "../api/types";
import type { PageRequest } from "./api";
import { LogList, type Start } from "./list";
import { plusNanos, sortKey } from "./moment";
import { positionOf, comparePositions, rowHeight } from "./rows";
import type { Order } from "./search";

const base = Date.parse("2026-11-24T04:00:00Z");
const span = { from: "2026-11-24T04:00:00Z", to: "2026-11-24T05:00:00Z" };

/** record number i; three of them share each moment. */
function record(i: number): LogRecord {
  const time = plusNanos(new Date(base).toISOString(), Math.floor(i / 3) * 1_000_001);
  return { time: time.replace(/0+Z$/, "Z").replace(".Z", "Z"), id: `b-${String(i).padStart(6, "0")}`, service: "web", message: `line ${i}` };
}

/** A store that pages as the server does. */
class Store {
  records: LogRecord[];
  requests: PageRequest[] = [];
  fail: Error | undefined;

  constructor(count: number) {
    this.records = Array.from({ length: count }, (_, i) => record(i));
  }

  fetch = async (request: PageRequest): Promise<LogPage> => {
    this.requests.push(request);
    await Promise.resolve();
    if (this.fail) throw this.fail;
    const [from, to] = [sortKey(request.from), sortKey(request.to)];
    const sorted = this.records
      .filter((r) => sortKey(r.time) >= from && sortKey(r.time) < to)
      .toSorted((a, b) => comparePositions(positionOf(a), positionOf(b), request.order));
    const after = request.cursor ? sorted.findIndex((r) => r.id === request.cursor) + 1 : 0;
    const logs = sorted.slice(after, after + request.limit);
    const last = logs.at(-1);
    return { logs, ...(after + logs.length < sorted.length && last ? { next: last.id } : {}) };
  };
}

async function open(store: Store, order: Order, start: Start, mostHeld = 10_000): Promise<LogList> {
  const list = new LogList({ fetch: store.fetch, order, span, start, pageSize: 100, mostHeld });
  await list.begin();
  expect(list.status).toBe("ready");
  return list;
}

const settled = () => vi.waitFor(() => Promise.resolve());
const numbers = (list: LogList) => [...list.rows.records()].map((r) => Number(r.message.slice(5)));
const descending = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

async function toEnd(list: LogList, side: "above" | "below") {
  while (!list.ends[side].done) await list.more(side);
}

test("pages to the end, newest first", async () => {
  const list = await open(new Store(1000), "desc", "newest");
  expect(list.ends.above.done).toBe(true);
  await toEnd(list, "below");
  expect(numbers(list)).toEqual(descending(999, 0));
  expect(list.rows.height).toBe(1000 * rowHeight);
});

test("pages to the end, oldest first", async () => {
  const list = await open(new Store(1000), "asc", "oldest");
  await toEnd(list, "below");
  expect(numbers(list)).toEqual(descending(999, 0).toReversed());
});

test("pages upward from the other end", async () => {
  const list = await open(new Store(1000), "desc", "oldest");
  expect(numbers(list).at(-1)).toBe(0);
  expect(list.ends.below.done).toBe(true);
  await toEnd(list, "above");
  expect(numbers(list)).toEqual(descending(999, 0));
});

test.each(["desc", "asc"] as const)("pages both ways from a line, %s", async (order) => {
  const { time, id } = record(500);
  const list = await open(new Store(1000), order, { time, id });
  expect(list.has({ time, id })).toBe(true);
  await toEnd(list, "above");
  await toEnd(list, "below");
  const all = descending(999, 0);
  expect(numbers(list)).toEqual(order === "desc" ? all : all.toReversed());
});

test("holds a bounded number of lines, and gets back those it gave up", async () => {
  const list = await open(new Store(3000), "desc", "newest", 500);
  while (!list.ends.below.done) {
    list.show(list.rows.count - 20, list.rows.count - 1);
    await list.more("below");
  }
  expect(list.rows.count).toBe(3000);
  await vi.waitFor(() => expect(list.rows.loaded).toBeLessThanOrEqual(500));
  expect(list.rows.at(0)).toBeUndefined();
  list.show(0, 30);
  await vi.waitFor(() => expect(list.rows.at(0)?.message).toBe("line 2999"));
  await settled();
  expect(list.rows.count).toBe(3000);
  expect(list.rows.at(30)?.message).toBe("line 2969");
});

test("lines that were written late are there when a page comes back", async () => {
  const store = new Store(1000);
  const list = await open(store, "desc", "newest", 300);
  while (!list.ends.below.done) {
    list.show(list.rows.count - 20, list.rows.count - 1);
    await list.more("below");
  }
  store.records.push({ ...record(900), id: "b-000900x", message: "line 9000" });
  list.show(80, 120);
  await vi.waitFor(() => expect(numbers(list)).toContain(9000));
  expect(list.rows.count).toBe(1001);
  const ids = [...list.rows.records()].map((r) => r.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a page that fails can be asked for again", async () => {
  const store = new Store(500);
  const list = await open(store, "desc", "newest");
  store.fail = new Error("away");
  await list.more("below");
  expect(list.ends.below.error?.message).toBe("away");
  expect(list.rows.count).toBe(200);
  store.fail = undefined;
  await toEnd(list, "below");
  expect(numbers(list)).toEqual(descending(499, 0));
});

test("a first search fails, is tried again, and can be cancelled", async () => {
  const store = new Store(10);
  store.fail = new Error("away");
  const list = new LogList({ fetch: store.fetch, order: "desc", span, start: "newest" });
  await list.begin();
  expect([list.status, list.error?.message]).toEqual(["failed", "away"]);
  store.fail = undefined;
  await list.begin();
  expect([list.status, list.rows.count]).toEqual(["ready", 10]);
  const again = list.begin();
  list.cancel();
  await again;
  expect([list.status, list.rows.count]).toEqual(["cancelled", 0]);
});

test.each(["desc", "asc"] as const)("live lines stand in order, each once, %s", async (order) => {
  const list = await open(new Store(100), order, "newest");
  expect(list.addLive([record(101), record(100), record(99), record(98)], 1000)).toBe(2);
  // One came late, between two that are there.
  expect(list.addLive([{ ...record(50), id: "b-000050x", message: "line 505" }], 1000)).toBe(1);
  expect(list.addLive([record(102), record(102)], 1000)).toBe(1);
  const shown = order === "desc" ? numbers(list) : numbers(list).toReversed();
  expect(shown).toEqual([102, ...descending(101, 51), 505, ...descending(50, 0)]);
});

test("following keeps the newest lines only, and paging goes on where they end", async () => {
  const store = new Store(200);
  const list = await open(store, "desc", "newest");
  for (let i = 200; i < 2000; i += 50) {
    const fresh = Array.from({ length: 50 }, (_, j) => record(i + j));
    store.records.push(...fresh);
    list.addLive(fresh, 500);
  }
  expect(list.rows.count).toBeLessThan(700);
  expect(numbers(list)[0]).toBe(1999);
  await toEnd(list, "below");
  expect(numbers(list)).toEqual(descending(1999, 0));
});

test("lines written while the tail began are caught up with", async () => {
  const store = new Store(50);
  const list = await open(store, "desc", "newest");
  store.records.push(record(50), record(51));
  await list.catchUp(1000);
  expect(numbers(list)).toEqual(descending(51, 0));
});

test("rows of their own height move those below them", async () => {
  const { rows } = await open(new Store(300), "desc", "newest");
  expect(rows.setHeight(3, 200)).toBe(true);
  expect(rows.setHeight(3, 200)).toBe(false);
  expect([rows.top(3), rows.top(4), rows.top(150)]).toEqual([66, 266, 150 * 22 + 178]);
  expect([rows.indexAt(0), rows.indexAt(66), rows.indexAt(265), rows.indexAt(266), rows.indexAt(1e9)]).toEqual([0, 3, 3, 4, rows.count - 1]);
  rows.forgetHeights();
  expect(rows.top(4)).toBe(88);
});

test("nanoseconds are counted over seconds", () => {
  expect(plusNanos("2026-11-24T04:00:00.999999999Z", 1)).toBe("2026-11-24T04:00:01.000000000Z");
  expect(plusNanos("2026-11-24T04:00:00Z", -1)).toBe("2026-11-24T03:59:59.999999999Z");
  expect([sortKey("2026-11-24T04:00:00Z"), sortKey("2026-11-24T04:00:00.5Z")]).toEqual(["2026-11-24T04:00:00.000000000", "2026-11-24T04:00:00.500000000"]);
});
