// Places in the grid: panels rise until they touch what is above them, and make room for the one
// that is moved.

import type { GridItem } from "../api/dashboards";
import { columns, leastHeight, leastWidth } from "./document";

const overlap = (a: GridItem, b: GridItem) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const aboveEachOther = (a: GridItem, b: GridItem) => a.x < b.x + b.width && b.x < a.x + a.width;

/** bottomOf is the first free row under all items. */
export function bottomOf(items: readonly GridItem[]): number {
  return Math.max(0, ...items.map((item) => item.y + item.height));
}

/** readingOrder is from top to bottom, then from left to right. */
export function readingOrder<T extends GridItem>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => a.y - b.y || a.x - b.x);
}

/**
 * compact closes holes from below and parts what overlaps; the item that is first (by its
 * reference) keeps its row where others want it too. The order of the items stays.
 */
export function compact(items: readonly GridItem[], first?: string): GridItem[] {
  const rank = (item: GridItem) => (item.content.$ref === first ? -1 : 0);
  const order = items.toSorted((a, b) => a.y - b.y || rank(a) - rank(b) || a.x - b.x);
  const placed: GridItem[] = [];
  const result = new Map<GridItem, GridItem>();
  for (const item of order) {
    let at = { ...item, y: Math.min(item.y, bottomOf(placed)) };
    const hits = () => placed.some((other) => overlap(at, other));
    while (hits()) at = { ...at, y: at.y + 1 };
    while (at.y > 0) {
      const higher = { ...at, y: at.y - 1 };
      if (placed.some((other) => overlap(higher, other))) break;
      at = higher;
    }
    placed.push(at);
    result.set(item, at);
  }
  return items.map((item) => result.get(item) ?? item);
}

/** moveBy moves an item by columns, and past the next item above (-1) or below (1). */
export function moveBy(items: readonly GridItem[], ref: string, dx: number, dy: number): GridItem[] {
  const item = items.find((one) => one.content.$ref === ref);
  if (!item) return [...items];
  const x = Math.min(Math.max(item.x + dx, 0), columns - item.width);
  let y = item.y;
  const column = items.filter((one) => one !== item && aboveEachOther(one, { ...item, x }));
  if (dy < 0) {
    const above = column.filter((one) => one.y < item.y);
    if (above.length > 0) y = Math.max(...above.map((one) => one.y));
  }
  if (dy > 0) {
    const below = column.filter((one) => one.y >= item.y + item.height);
    if (below.length > 0) {
      const top = Math.min(...below.map((one) => one.y));
      y = Math.max(...below.filter((one) => one.y === top).map((one) => one.y + one.height));
    }
  }
  const moved = items.map((one) => (one === item ? { ...one, x, y } : one));
  return dy > 0 && y > item.y ? sink(moved, items, ref) : compact(moved, ref);
}

/** sink lets what is under the moved item rise into the place that it left, before it falls in. */
function sink(moved: GridItem[], before: readonly GridItem[], ref: string): GridItem[] {
  const target = moved.find((one) => one.content.$ref === ref)!;
  const risen = compact(before.filter((one) => one.content.$ref !== ref));
  const others = new Map(risen.map((one) => [one.content.$ref, one]));
  const bottom = Math.max(
    0,
    ...before
      .filter((one) => one.content.$ref !== ref && one.y + one.height <= target.y && aboveEachOther(one, target))
      .map((one) => {
        const now = others.get(one.content.$ref)!;
        return now.y + now.height;
      }),
  );
  const settled = moved.map((one) => (one.content.$ref === ref ? { ...one, y: bottom } : others.get(one.content.$ref)!));
  return compact(settled, ref);
}

export function resizeBy(items: readonly GridItem[], ref: string, dw: number, dh: number): GridItem[] {
  const resized = items.map((item) => {
    if (item.content.$ref !== ref) return item;
    const width = Math.min(Math.max(item.width + dw, leastWidth), columns - item.x);
    return { ...item, width, height: Math.max(item.height + dh, leastHeight) };
  });
  return compact(resized, ref);
}
