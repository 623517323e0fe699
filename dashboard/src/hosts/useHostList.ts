// What the list of hosts is made of: names from the whole time range, facts as of its end.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { labelValues, queryInstant } from "../api/prometheus";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { infoOf, rowsOf, silentOf, type HostRow } from "./model";
import { hostInfo, hostLabel, hostSelectors, lastSeen, listFacts } from "./queries";
import { useFleet } from "./useFleet";

/** factInterval is how often a live list is asked for, in milliseconds: large fleets less often. */
export function factInterval(hosts: number): number {
  if (hosts <= 50) return 2_000;
  return hosts <= 300 ? 5_000 : 15_000;
}

/** How often names and descriptions are looked up while the page is live; soon while there are none. */
const namesInterval = 20_000;
const firstInterval = 2_000;

/** More names than this in a query say less than leaving them out. */
const mostNamed = 200;

export interface HostList {
  rows: HostRow[];
  loading: boolean;
  fetching: boolean;
  error: Error | undefined;
  refetch: () => void;
}

export function useHostList(): HostList {
  const { range, live, canLive, epoch } = usePageTime();
  const time = canLive ? "now" : range.to;
  const at = () => (canLive ? undefined : (resolve(range, Date.now())?.to ?? Date.now()) / 1000);
  const common = { placeholderData: keepPreviousData, gcTime: 60_000 } as const;

  const names = useQuery({
    ...common,
    queryKey: ["hosts", "names", range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? labelValues(hostLabel, hostSelectors, span.from / 1000, span.to / 1000, signal) : [];
    },
    refetchInterval: (query) => (live ? (query.state.data?.length ? namesInterval : firstInterval) : false),
  });
  const info = useQuery({
    ...common,
    queryKey: ["hosts", "info", range.from, range.to, epoch],
    queryFn: ({ signal }) => queryInstant(hostInfo(seconds(range)), at(), signal),
    refetchInterval: live ? namesInterval : false,
  });
  const facts = useQuery({
    ...common,
    queryKey: ["hosts", "facts", time, epoch],
    queryFn: ({ signal }) => queryInstant(listFacts, at(), signal),
    refetchInterval: live ? factInterval(names.data?.length ?? 0) : false,
  });
  const silent = useMemo(() => (names.data && facts.data ? silentOf(names.data, facts.data) : []), [names.data, facts.data]);
  const last = useQuery({
    ...common,
    queryKey: ["hosts", "last", silent.join(" "), range.from, range.to, epoch],
    queryFn: ({ signal }) => queryInstant(lastSeen(silent.length > mostNamed ? undefined : silent, seconds(range)), at(), signal),
    enabled: silent.length > 0,
    staleTime: Infinity,
  });

  const fleet = useFleet();
  const rows = useMemo(
    () => rowsOf({ names: names.data ?? [], facts: facts.data ?? [], info: infoOf(info.data ?? []), lastSeen: silent.length > 0 ? (last.data ?? []) : [], fleet: fleet.data ?? [] }, facts.dataUpdatedAt / 1000),
    [names.data, facts.data, facts.dataUpdatedAt, info.data, last.data, silent.length, fleet.data],
  );
  const queries = [names, facts, info, last, fleet];
  return {
    rows,
    loading: names.isPending || facts.isPending,
    fetching: names.isFetching || facts.isFetching,
    error: names.error ?? facts.error ?? info.error ?? last.error ?? fleet.error ?? undefined,
    refetch: () => queries.forEach((query) => void query.refetch()),
  };
}

/** seconds is how long a range is, at least what an instant query looks back. */
function seconds(range: { from: string; to: string }): number {
  const span = resolve(range, Date.now());
  return span ? Math.max(300, (span.to - span.from) / 1000) : 300;
}
