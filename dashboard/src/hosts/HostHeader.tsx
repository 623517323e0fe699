// What a host is and how it does, in one strip.

import type { ReactNode } from "react";

import { format, formatDuration } from "../format/units";
import { logsLink, metricsLink } from "../links";
import { usePageTime } from "../time/context";
import { CopyButton } from "../ui/CopyButton";
import { ZoneTime } from "../ui/ZoneTime";
import { Link } from "@tanstack/react-router";
import { ago } from "./age";
import { troubleOf } from "./fleet";
import type { HostRow } from "./model";
import { hostLogs, of } from "./queries";
import classes from "./HostPage.module.css";

export function HostHeader({ row }: { row: HostRow }) {
  const { range } = usePageTime();
  const trouble = troubleOf(row)?.word;
  const unhealthy = !row.stale && trouble !== undefined;
  return (
    <header className={classes.head}>
      <p className={classes.state} data-stale={row.stale} data-bad={unhealthy}>
        <span className={classes.dot} data-stale={row.stale} data-bad={unhealthy} aria-hidden="true" />
        {row.stale ? (
          <>
            Stale: last seen {ago(row.age)}
            {row.seen !== undefined && <ZoneTime className="muted" value={row.seen * 1000} />}
          </>
        ) : (
          `${unhealthy ? trouble === "silent" ? "Agent silent" : "Unhealthy" : "Reporting"}, last seen ${ago(row.age)}`
        )}
      </p>
      <dl className={classes.facts}>
        {row.os && <Fact name="System" value={[row.os, row.arch].filter(Boolean).join(", ")} />}
        {row.kernel && <Fact name="Kernel" value={row.kernel} />}
        {row.cores !== undefined && <Fact name="Cores" value={format(row.cores, "count")} />}
        {row.memoryTotal !== undefined && <Fact name="Memory" value={format(row.memoryTotal, "bytes")} />}
        {row.uptime !== undefined && <Fact name="Up" value={formatDuration(row.uptime)} />}
        {row.load !== undefined && <Fact name="Load" value={row.load.toFixed(2)} hint={row.loadPerCore === undefined ? undefined : `${row.loadPerCore.toFixed(2)} to a core`} />}
        {row.environment && <Fact name="Environment" value={row.environment} />}
        {row.region && <Fact name="Region" value={row.region} />}
        {row.agent && <Fact name="Agent" value={<a href="#agent">{row.agent.version}</a>} hint="Version of the agent" />}
        {row.id && (
          <Fact name="host.id" value={<span className={classes.id}>{row.id}</span>}>
            <CopyButton value={row.id} label="Copy host.id" size={20} />
          </Fact>
        )}
      </dl>
      <p className={classes.links}>
        <Link to={metricsLink([`{__name__=~"system_.*",${of(row.name).slice(1, -1)}}`], range)}>Metrics</Link>
        <Link to={logsLink(hostLogs(row.name), range)}>Logs</Link>
      </p>
    </header>
  );
}

export function Fact({ name, value, hint, children }: { name: string; value: ReactNode; hint?: string | undefined; children?: ReactNode }) {
  return (
    <div className={classes.fact} title={hint}>
      <dt>{name}</dt>
      <dd>
        {value}
        {children}
      </dd>
    </div>
  );
}
