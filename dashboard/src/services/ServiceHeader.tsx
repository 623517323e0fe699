// What a service is and what it sends, in one strip.

import { NativeSelect } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { format } from "../format/units";
import { ago } from "../hosts/age";
import page from "../hosts/HostPage.module.css";
import { logsLink, metricsLink } from "../links";
import { usePageTime } from "../time/context";
import { ZoneTime } from "../ui/ZoneTime";
import { useChangeSearch } from "../useChangeSearch";
import { distinct, type Instance } from "./instances";
import type { ServiceRow } from "./model";
import { serviceLogs, serviceMatchers } from "./queries";
import { writeService } from "./search";

interface Props {
  row: ServiceRow;
  instances: readonly Instance[];
  environments: readonly string[];
  environment: string | undefined;
}

export function ServiceHeader({ row, instances, environments, environment }: Props) {
  const { range } = usePageTime();
  const change = useChangeSearch();
  const versions = distinct(instances, (i) => (i.silent ? undefined : i.version));
  const hosts = distinct(instances, (i) => (i.silent ? undefined : i.host));
  return (
    <header className={page.head}>
      <p className={page.state} data-stale={row.silent}>
        <span className={page.dot} data-stale={row.silent} aria-hidden="true" />
        {row.silent ? "Silent: last seen" : "Sending, last seen"} {ago(row.age)}
        {row.silent && row.seen !== undefined && <ZoneTime className="muted" value={row.seen * 1000} />}
      </p>
      <dl className={page.facts}>
        {environments.length > 1 && (
          <Fact name="Environment">
            <NativeSelect
              size="xs"
              aria-label="Environment"
              value={environment ?? ""}
              onChange={(event) => change(writeService({ environment: event.currentTarget.value }))}
              data={[{ value: "", label: "All" }, ...environments]}
            />
          </Fact>
        )}
        {environments.length === 1 && <Fact name="Environment">{environments[0]}</Fact>}
        {versions.length > 0 && <Fact name={versions.length > 1 ? "Versions" : "Version"}>{versions.join(", ")}</Fact>}
        <Fact name="Instances">{format(instances.filter((i) => !i.silent).length, "count")}</Fact>
        {hosts.length > 0 && <Fact name="Hosts">{format(hosts.length, "count")}</Fact>}
        <Fact name="Series">{format(row.series, "count")}</Fact>
        <Fact name="Metrics">{format(row.metrics, "count")}</Fact>
        <Fact name="Log lines">{format(row.logs, "count")}</Fact>
      </dl>
      <p className={page.links}>
        <Link to={metricsLink([`{${serviceMatchers(row.name, environment)}}`], range)}>Metrics</Link>
        <Link to={logsLink(serviceLogs(row.name, environment), range)}>Logs</Link>
      </p>
    </header>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={page.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
