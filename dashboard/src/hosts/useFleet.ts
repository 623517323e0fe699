// The hosts as the server judges them, as of the end of the time range.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { listFleet, oneFleetHost } from "./fleet";

/** How often they are asked for while the page is live; the server makes the list as often. */
const interval = 10_000;

export function useFleet() {
  const { range, live, epoch } = usePageTime();
  return useQuery({
    queryKey: ["hosts", "fleet", range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? listFleet(span, signal) : [];
    },
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    refetchInterval: live ? interval : false,
  });
}

export function useFleetHost(host: string) {
  const { range, live, epoch } = usePageTime();
  return useQuery({
    queryKey: ["host", "fleet", host, range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? oneFleetHost(host, span, signal) : null;
    },
    placeholderData: keepPreviousData,
    refetchInterval: live ? interval : false,
  });
}
