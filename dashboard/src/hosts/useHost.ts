// What is known of one host: its facts as of the end of the time range, and what it is.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { queryInstant } from "../api/prometheus";
import { useInstant } from "../live/useInstant";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import type { FleetHost } from "./fleet";
import { infoOf, rowsOf, type HostRow } from "./model";
import { hostFacts, hostInfo, lastSeen } from "./queries";
import { useFleetHost } from "./useFleet";

export interface OneHost {
  row: HostRow;
  /** How often it reports, in seconds; 15 until that is known. */
  interval: number;
  loading: boolean;
  error: Error | undefined;
  /** It sent something in the time range. */
  known: boolean;
  /** What the server knows of its agent; null when nothing. */
  fleet: { host: FleetHost | null | undefined; loading: boolean; error: Error | undefined };
}

export function useHost(host: string): OneHost {
  const { range, canLive, live, epoch } = usePageTime();
  const facts = useInstant(hostFacts(host), 2);
  const fleet = useFleetHost(host);
  const about = useQuery({
    queryKey: ["host", host, range.from, range.to, epoch],
    queryFn: async ({ signal }) => {
      const span = resolve(range, Date.now());
      if (!span) throw new Error("The time range is empty.");
      const seconds = Math.max(300, (span.to - span.from) / 1000);
      const at = canLive ? undefined : span.to / 1000;
      const [info, last] = await Promise.all([queryInstant(hostInfo(seconds, host), at, signal), queryInstant(lastSeen([host], seconds), at, signal)]);
      return { info, last };
    },
    placeholderData: keepPreviousData,
    refetchInterval: live ? 20_000 : false,
  });

  return useMemo(() => {
    const info = infoOf(about.data?.info ?? []);
    const [row = { name: host, stale: true }] = rowsOf({ names: [host], facts: facts.series, info, lastSeen: about.data?.last ?? [], fleet: fleet.data ? [fleet.data] : [] }, Date.now() / 1000);
    const reports = Number(facts.series.find(({ metric }) => metric["fact"] === "reports")?.value[1] ?? 0);
    return {
      row,
      interval: reports > 1 ? 300 / reports : 15,
      loading: facts.loading || about.isPending || fleet.isPending,
      error: facts.error ?? about.error ?? undefined,
      known: facts.series.length > 0 || (about.data?.last.length ?? 0) > 0 || info.size > 0 || fleet.data?.agent !== undefined,
      fleet: { host: fleet.data, loading: fleet.isPending, error: fleet.error ?? undefined },
    };
  }, [about.data, about.error, about.isPending, facts.series, facts.loading, facts.error, fleet.data, fleet.error, fleet.isPending, host]);
}
