// The page's time range: in the URL, so that a link shows what its sender saw.

import { useSearch } from "@tanstack/react-router";
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";

import { useSocket } from "../live/context";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { defaultRange, isLive, resolve, type TimeRange } from "./range";

export interface PageTime {
  range: TimeRange;
  /** New data is shown as it arrives. */
  live: boolean;
  /** The range ends now, so that live is possible. */
  canLive: boolean;
  /** Goes up when everything is to be asked for again. */
  epoch: number;
  setRange: (range: TimeRange) => void;
  setLive: (live: boolean) => void;
  refresh: () => void;
}

const TimeContext = createContext<PageTime | undefined>(undefined);

export function TimeProvider({ children }: { children: ReactNode }) {
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const socket = useSocket();
  const [epoch, setEpoch] = useState(0);

  const refresh = useCallback(() => setEpoch((n) => n + 1), []);
  // What came while the connection was away is asked for afterwards.
  useEffect(() => socket.onReopen(refresh), [socket, refresh]);

  const { from, to, live } = search;
  const value = useMemo<PageTime>(() => {
    const wanted = { from: from ?? defaultRange.from, to: to ?? defaultRange.to };
    const range = resolve(wanted, Date.now()) ? wanted : defaultRange;
    const canLive = isLive(range);
    return {
      range,
      canLive,
      live: canLive && live !== "off",
      epoch,
      setRange: (next) => change({ from: next.from, to: next.to }),
      setLive: (on) => change({ live: on ? undefined : "off" }),
      refresh,
    };
  }, [from, to, live, epoch, change, refresh]);

  return <TimeContext value={value}>{children}</TimeContext>;
}

export function usePageTime(): PageTime {
  const time = use(TimeContext);
  if (!time) throw new Error("usePageTime needs a TimeProvider above it");
  return time;
}
