// The page's time range, and how it gets what is new: in the URL, so that a link shows what its
// sender saw.

import { useSearch } from "@tanstack/react-router";
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";

import { useSocket } from "../live/context";
import { noteRecent } from "../recent";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { defaultRange, isLive, presets, resolve, type TimeRange } from "./range";
import { parseRefresh, repeat } from "./refresh";
import { earlier, later, zoomOut } from "./shift";

export interface PageTime {
  range: TimeRange;
  /** New data is shown as it arrives. */
  live: boolean;
  /** The range ends now, so that live is possible. */
  canLive: boolean;
  /** Goes up when everything is to be asked for again. */
  epoch: number;
  /** How often that is by itself, as the address holds it ("30s"); not at all when undefined. */
  every: string | undefined;
  setRange: (range: TimeRange) => void;
  setLive: (live: boolean) => void;
  /** Asks again every so often in place of live data; undefined stops both. */
  setEvery: (every: string | undefined) => void;
  refresh: () => void;
  moveBack: () => void;
  moveForward: () => void;
  zoomOut: () => void;
}

const TimeContext = createContext<PageTime | undefined>(undefined);

/** The name of the list of ranges that were used lately, and how many it keeps. */
export const recentRanges = { name: "ranges", most: 6 };

function note(range: TimeRange): void {
  if (range.to === "now" && presets.some(({ from }) => from === range.from)) return;
  noteRecent(recentRanges.name, JSON.stringify([range.from, range.to]), recentRanges.most);
}

export function TimeProvider({ children }: { children: ReactNode }) {
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const socket = useSocket();
  const [epoch, setEpoch] = useState(0);

  const refresh = useCallback(() => setEpoch((n) => n + 1), []);
  // What came while the connection was away is asked for afterwards.
  useEffect(() => socket.onReopen(refresh), [socket, refresh]);

  const { from, to, live, refresh: every } = search;
  const value = useMemo<PageTime>(() => {
    const wanted = { from: from ?? defaultRange.from, to: to ?? defaultRange.to };
    const range = resolve(wanted, Date.now()) ? wanted : defaultRange;
    const canLive = isLive(range);
    const interval = canLive ? parseRefresh(every)?.value : undefined;
    const go = (next: TimeRange) => {
      if (next !== range && (next.from !== from || next.to !== to)) change({ from: next.from, to: next.to });
    };
    return {
      range,
      canLive,
      live: canLive && live !== "off" && interval === undefined,
      every: interval,
      epoch,
      setRange: (next) => {
        note(next);
        go(next);
      },
      setLive: (on) => change({ live: on ? undefined : "off", refresh: undefined }),
      setEvery: (next) => change({ live: next === undefined ? "off" : undefined, refresh: next }),
      refresh,
      moveBack: () => go(earlier(range, Date.now())),
      moveForward: () => go(later(range, Date.now())),
      zoomOut: () => go(zoomOut(range, Date.now())),
    };
  }, [from, to, live, every, epoch, change, refresh]);

  const millis = parseRefresh(value.every)?.millis;
  useEffect(() => (millis === undefined ? undefined : repeat(refresh, millis)), [millis, refresh]);

  return <TimeContext value={value}>{children}</TimeContext>;
}

export function usePageTime(): PageTime {
  const time = use(TimeContext);
  if (!time) throw new Error("usePageTime needs a TimeProvider above it");
  return time;
}
