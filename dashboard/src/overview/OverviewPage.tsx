// What a new user sees first: this host, what comes in, and whether all is well.

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";

import { labelValues } from "../api/prometheus";
import { useInstant } from "../live/useInstant";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { PageTitle } from "../shell/title";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { CpuPanel } from "./CpuPanel";
import { DiskPanel } from "./DiskPanel";
import { factsOf } from "./facts";
import { HealthPanel } from "./HealthPanel";
import { HostBar } from "./HostBar";
import { IntakePanel } from "./IntakePanel";
import { LogsPanel } from "./LogsPanel";
import { MemoryPanel } from "./MemoryPanel";
import { NetworkPanel } from "./NetworkPanel";
import { NoHost } from "./NoHost";
import classes from "./OverviewPage.module.css";
import { hostFacts, hostLabel, hostSelector } from "./queries";

export function OverviewPage() {
  const { hosts, loading, error } = useHosts();
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const host = hosts.find((name) => name === search.host) ?? hosts[0];

  return (
    <div className={classes.page} data-empty={host === undefined}>
      <PageTitle>Overview</PageTitle>
      {host === undefined ? (
        <NoHost loading={loading} error={error} />
      ) : (
        <HostPanels key={host} host={host} hosts={hosts} onHost={(name) => change({ host: name })} />
      )}
      <div className={classes.side}>
        <IntakePanel />
        <HealthPanel />
      </div>
      <LogsPanel />
    </div>
  );
}

function HostPanels({ host, hosts, onHost }: { host: string; hosts: string[]; onHost: (host: string) => void }) {
  const facts = factsOf(useInstant(hostFacts(host), 5).series);
  return (
    <>
      <div className={classes.host}>
        <HostBar hosts={hosts} host={host} facts={facts} onHost={onHost} />
      </div>
      <CpuPanel host={host} />
      <MemoryPanel host={host} facts={facts} />
      <NetworkPanel host={host} />
      <DiskPanel host={host} />
    </>
  );
}

/** useHosts lists the hosts that reported in the time range; often while there are none yet. */
function useHosts(): { hosts: string[]; loading: boolean; error: Error | undefined } {
  const { range, live, epoch } = usePageTime();
  const answer = useQuery({
    queryKey: ["hosts", range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      if (!span) return [];
      return labelValues(hostLabel, hostSelector, span.from / 1000, span.to / 1000, signal);
    },
    placeholderData: (previous) => previous,
    gcTime: 30_000,
    refetchInterval: (query) => (live ? (query.state.data?.length ? 30_000 : 1000) : false),
  });
  return { hosts: (answer.data ?? []).toSorted(), loading: answer.isPending, error: answer.error ?? undefined };
}
