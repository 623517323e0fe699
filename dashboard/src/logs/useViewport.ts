// Which part of a list is on the screen, and how it stays where it is when the list changes
// above it.

import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

import type { LogList, Start } from "./list";
import { sortKey } from "./moment";
import { heightOf, rowHeight } from "./rows";

/** Rows drawn beyond the screen on each side, so that fast scrolling shows no gaps. */
const beyond = 12;

export interface Viewport {
  first: number;
  last: number;
  /** Where the first drawn row begins, in pixels. */
  offset: number;
  height: number;
  /** The newest end of the list is on the screen. */
  atNewest: boolean;
  scrollTo: (index: number) => void;
  toNewest: () => void;
  /** How many whole rows fit. */
  page: number;
}

interface Anchor {
  list: LogList;
  id: string | undefined;
  /** How far the top of that row is below the top of the screen. */
  distance: number;
}

const nearEnd = 4;

export function useViewport(scroller: RefObject<HTMLDivElement | null>, list: LogList, start: Start, headerHeight: number): Viewport {
  const [box, setBox] = useState({ top: 0, height: 600 });
  const anchor = useRef<Anchor>(undefined);
  const following = useRef(true);
  const { rows, version } = list;
  const total = rows.height;
  const visible = Math.max(rowHeight, box.height - headerHeight);

  const read = useCallback(() => {
    const element = scroller.current;
    if (element) setBox((before) => (before.top === element.scrollTop && before.height === element.clientHeight ? before : { top: element.scrollTop, height: element.clientHeight }));
  }, [scroller]);

  const remember = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const index = list.rows.indexAt(element.scrollTop);
    anchor.current = { list, id: list.rows.at(index)?.id, distance: list.rows.top(index) - element.scrollTop };
    following.current = atEnd(element, list);
  }, [scroller, list]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const scrolled = () => {
      remember();
      read();
    };
    const observer = new ResizeObserver(() => {
      // Whoever follows at the bottom stays there when the list gets lower.
      if (following.current && list.newestSide === "below" && list.ends.below.done) element.scrollTop = element.scrollHeight;
      read();
    });
    observer.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    read();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [scroller, list, read, remember]);

  // What came above the screen, or grew there, must not move what is on it.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || list.status === "loading") return;
    const last = anchor.current;
    if (last?.list !== list) place(element, list, start);
    else if (following.current && list.ends[list.newestSide].done) element.scrollTop = list.newestSide === "above" ? 0 : element.scrollHeight;
    else if (last.id !== undefined) {
      const index = list.rows.indexOf(last.id);
      const wanted = list.rows.top(index) - last.distance;
      if (index >= 0 && Math.abs(wanted - element.scrollTop) >= 1) element.scrollTop = wanted;
    }
    remember();
    read();
  }, [scroller, list, version, total, start, remember, read]);

  const first = Math.max(0, rows.indexAt(box.top) - beyond);
  const last = Math.min(rows.count - 1, rows.indexAt(box.top + visible) + beyond);
  useLayoutEffect(() => list.show(first, last), [list, first, last, version]);

  const scrollTo = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (!element) return;
      const top = list.rows.top(index);
      const bottom = top + list.rows.heightAt(index);
      const space = element.clientHeight - headerHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (bottom > element.scrollTop + space) element.scrollTop = Math.min(top, bottom - space);
    },
    [scroller, list, headerHeight],
  );
  const toNewest = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = list.newestSide === "above" ? 0 : element.scrollHeight;
    following.current = true;
  }, [scroller, list]);

  const atNewest = list.newestSide === "above" ? box.top <= nearEnd : box.top + visible >= total - nearEnd;
  return { first, last, offset: rows.top(first), height: total, atNewest, scrollTo, toNewest, page: Math.floor(visible / rowHeight) };
}

function atEnd(element: HTMLElement, list: LogList): boolean {
  if (list.newestSide === "above") return element.scrollTop <= nearEnd;
  return element.scrollTop + element.clientHeight >= element.scrollHeight - nearEnd;
}

/** place scrolls a new list to where it begins: an end, or a line in the upper third. */
function place(element: HTMLElement, list: LogList, start: Start): void {
  if (typeof start === "object") {
    const above = list.rows.indexOf(start.id);
    const y = above >= 0 ? list.rows.top(above) : heightOfSide(list, sortKey(start.time));
    element.scrollTop = Math.max(0, y - element.clientHeight / 3);
  } else {
    const atTop = (start === "newest") === (list.order === "desc");
    element.scrollTop = atTop ? 0 : element.scrollHeight;
  }
}

/** heightOfSide is where a line would be that is not there. */
function heightOfSide(list: LogList, time: string): number {
  let y = 0;
  for (const page of list.rows.pages) {
    if (list.order === "desc" ? page.last.time < time : page.last.time > time) break;
    y += heightOf(page);
  }
  return y;
}
