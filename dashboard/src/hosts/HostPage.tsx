// One host: what it is, all its charts, its processes, the services on it, and its log lines.

import { Button } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { hostLink } from "../links";
import { PageTitle } from "../shell/title";
import { usePageTime } from "../time/context";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { keepTime } from "./age";
import { AgentPanel } from "./AgentPanel";
import { ChartCard } from "./ChartCard";
import { hostCharts, sections, type HostChart } from "./charts";
import { Filesystems } from "./Filesystems";
import { HostHeader } from "./HostHeader";
import { HostServices } from "./HostServices";
import { LogTail } from "./LogTail";
import type { HostRow } from "./model";
import { Processes } from "./Processes";
import { Reasons } from "./Reasons";
import { hostLogs } from "./queries";
import { LevelHistogram } from "../services/LevelHistogram";
import { SectionNav } from "./SectionNav";
import { useHost } from "./useHost";
import classes from "./HostPage.module.css";

export function HostPage() {
  const { host } = useParams({ strict: false }) as { host: string };
  return <OneHost key={host} host={host} />;
}

function OneHost({ host }: { host: string }) {
  const { row, interval, loading, error, known, fleet } = useHost(host);
  const { refresh } = usePageTime();
  return (
    <div className={classes.page}>
      <PageTitle text={host}>
        <span className={classes.crumbs}>
          <Link to="/hosts" search={keepTime}>
            Hosts
          </Link>
          <span aria-hidden="true">/</span>
          <span>{host}</span>
        </span>
      </PageTitle>
      {error && <Failure error={error} title={known ? "Some of this host can't be loaded" : "This host can't be loaded"} onRetry={refresh} />}
      {!known && loading && <Loading rows={6} label="Loading the host" />}
      {!known && !loading && !error && <Unknown host={host} />}
      {known && (
        <>
          <HostHeader row={row} />
          <Reasons row={row} />
          <SectionNav sections={sections} />
          <Charts id="cpu" row={row} />
          <Charts id="memory" row={row} />
          <Charts id="disk" row={row} wide={<Filesystems host={host} />} />
          <Charts id="network" row={row} />
          <Charts id="processes" row={row} wide={<Processes host={host} interval={interval} />} />
          <section id="agent" className={classes.section} aria-label="Agent">
            <AgentPanel {...fleet} />
          </section>
          <section id="services" className={classes.section} aria-label="Services">
            <HostServices host={host} />
          </section>
          <section id="logs" className={classes.section} aria-label="Logs">
            <LevelHistogram title={`Log lines of ${host}`} query={hostLogs(host)} />
            <LogTail title={`Newest log lines of ${host}`} query={hostLogs(host)} column="service" />
          </section>
        </>
      )}
    </div>
  );
}

function Charts({ id, row, wide }: { id: HostChart["section"]; row: HostRow; wide?: ReactNode }) {
  const title = sections.find(([section]) => section === id)?.[1] ?? id;
  return (
    <section id={id} className={classes.section} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className={classes.sectionTitle}>
        {title}
      </h2>
      <div className={classes.grid} data-section={id}>
        {hostCharts
          .filter((chart) => chart.section === id)
          .map((chart) => (
            <ChartCard
              key={chart.id}
              id={chart.id}
              title={chart.title}
              unit={chart.unit}
              query={chart.query(row.name)}
              lines={chart.lines}
              stacked={chart.stacked}
              max={chart.id === "memory" ? row.memoryTotal : chart.max}
              value={chart.value ?? "sum"}
              hint={chart.hint}
            />
          ))}
        {wide && <div className={classes.wide}>{wide}</div>}
      </div>
    </section>
  );
}

function Unknown({ host }: { host: string }) {
  return (
    <EmptyState
      centred
      title={`Nothing from ${host} in this time range`}
      action={
        <>
          <Button size="xs" component={Link} to={hostLink(host, { from: "now-7d", to: "now" })}>
            Look at the last 7 days
          </Button>
          <Button size="xs" variant="default" component={Link} to="/hosts">
            All hosts
          </Button>
        </>
      }
    >
      No metric with this host.name came in. It may have reported earlier, or under another name.
    </EmptyState>
  );
}
