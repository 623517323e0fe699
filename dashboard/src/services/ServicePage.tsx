// One service: its requests, errors and durations, its instances, its log lines, and everything
// else that it measures.

import { Button } from "@mantine/core";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { keepTime } from "../hosts/age";
import page from "../hosts/HostPage.module.css";
import { LogTail } from "../hosts/LogTail";
import { SectionNav } from "../hosts/SectionNav";
import { serviceLink } from "../links";
import { PageTitle } from "../shell/title";
import { usePageTime } from "../time/context";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import type { PageSearch } from "../useChangeSearch";
import { byImportance, familyOf, isRuntime, requestCharts } from "./charts";
import { Instances } from "./Instances";
import { distinct } from "./instances";
import { LevelHistogram } from "./LevelHistogram";
import { Charts, groupsOf, MetricCharts } from "./MetricCharts";
import { serviceLogs, serviceMatchers } from "./queries";
import { parseService } from "./search";
import { ServiceHeader } from "./ServiceHeader";
import { useService, type ServiceState } from "./useService";
import classes from "./ServicePage.module.css";

export function ServicePage() {
  const { service } = useParams({ strict: false }) as { service: string };
  return <OneService key={service} service={service} />;
}

function OneService({ service }: { service: string }) {
  const search: PageSearch = useSearch({ strict: false });
  const { environment } = parseService(search);
  const everywhere = useService(service, undefined);
  const chosen = useService(service, environment);
  const environments = distinct(everywhere.instances, (i) => i.environment);
  const { row, loading, error } = everywhere;
  const { refresh } = usePageTime();
  return (
    <div className={page.page}>
      <PageTitle text={service}>
        <span className={page.crumbs}>
          <Link to="/services" search={keepTime}>
            Services
          </Link>
          <span aria-hidden="true">/</span>
          <span>{service}</span>
        </span>
      </PageTitle>
      {error && <Failure error={error} title={row ? "Some of this service can't be loaded" : "This service can't be loaded"} onRetry={refresh} />}
      {!row && loading && <Loading rows={6} label="Loading the service" />}
      {!row && !loading && !error && <Unknown service={service} />}
      {row && (
        <>
          <ServiceHeader row={row} instances={chosen.instances} environments={environments} environment={environment} />
          <Sections service={service} environment={environment} state={chosen} hasLogs={row.logs > 0} />
        </>
      )}
    </div>
  );
}

/** How many charts are drawn at first. */
const firstOfGroup = 8;
const firstOfRuntime = 4;

function Sections({ service, environment, state, hasLogs }: { service: string; environment: string | undefined; state: ServiceState; hasLogs: boolean }) {
  const { metrics, instances, ready } = state;
  const family = familyOf(metrics);
  const matchers = serviceMatchers(service, environment);
  const runtime = useMemo(() => byImportance(metrics.filter(({ name }) => isRuntime(name))), [metrics]);
  const others = useMemo(() => metrics.filter(({ name }) => name !== family?.metric && !isRuntime(name)), [metrics, family]);
  const logs = serviceLogs(service, environment);
  const hasRequests = family !== undefined;
  const [hasOthers, hasRuntime] = [others.length > 0, runtime.length > 0];
  const sections = useMemo(
    () =>
      [
        hasRequests && (["requests", "Requests"] as const),
        ["instances", "Instances"] as const,
        ["logs", "Logs"] as const,
        hasOthers && (["metrics", "Metrics"] as const),
        hasRuntime && (["runtime", "Program"] as const),
      ].filter((section) => section !== false),
    [hasRequests, hasOthers, hasRuntime],
  );
  return (
    <>
      <SectionNav sections={sections} />
      {!ready && <Loading rows={5} label="Loading metrics" />}
      {family && (
        <Section id="requests" title="Requests">
          <Charts charts={requestCharts(family, matchers)} columns={3} />
        </Section>
      )}
      <Section id="instances" title="Instances">
        <Instances service={service} instances={instances} />
      </Section>
      <Section id="logs" title="Logs">
        {hasLogs && <LevelHistogram title="Log lines by level" query={logs} />}
        <LogTail title={`Newest log lines of ${service}`} query={logs} column="host" />
      </Section>
      {hasOthers && (
        <Section id="metrics" title="Metrics">
          {groupsOf(others).map(({ name, metrics: members }) => (
            <div key={name} className={classes.group}>
              {name !== "" && <h3 className={classes.groupTitle}>{name}</h3>}
              <MetricCharts metrics={members} matchers={matchers} first={firstOfGroup} />
            </div>
          ))}
        </Section>
      )}
      {hasRuntime && (
        <Section id="runtime" title="Program">
          <MetricCharts metrics={runtime} matchers={matchers} first={firstOfRuntime} />
        </Section>
      )}
    </>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section id={id} className={page.section} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className={page.sectionTitle}>
        {title}
      </h2>
      {children}
    </section>
  );
}

function Unknown({ service }: { service: string }) {
  return (
    <EmptyState
      centred
      title={`Nothing from ${service} in this time range`}
      action={
        <>
          <Button size="xs" component={Link} to={serviceLink(service, { from: "now-7d", to: "now" })}>
            Look at the last 7 days
          </Button>
          <Button size="xs" variant="default" component={Link} to="/send">
            Send data
          </Button>
        </>
      }
    >
      No metric and no log line with this service.name came in.
    </EmptyState>
  );
}
