// How each part of the server is, as it is.

import { useQuery } from "@tanstack/react-query";

import { healthQuery } from "../api/health";
import type { HealthComponent, HealthStatus } from "../api/types";
import { dashboardLink } from "../links";
import { DataTable, type Column } from "../ui/DataTable";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import { ZoneTime } from "../ui/ZoneTime";
import classes from "./settings.module.css";

const texts: Record<HealthStatus, string> = { ok: "Healthy", degraded: "Degraded", down: "Down" };
const order: HealthStatus[] = ["down", "degraded", "ok"];

const columns: Column<HealthComponent>[] = [
  { id: "name", title: "Part", cell: ({ name }) => name.replaceAll("_", " "), sortBy: ({ name }) => name },
  { id: "status", title: "State", cell: ({ status }) => <State status={status} />, sortBy: ({ status }) => order.indexOf(status) },
  { id: "message", title: "What it says", cell: ({ message }) => message ?? "", wrap: true },
];

function State({ status }: { status: HealthStatus }) {
  return (
    <span className={classes.state} data-status={status}>
      <span className={classes.mark} aria-hidden="true" />
      {texts[status]}
    </span>
  );
}

export function HealthTab() {
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery(healthQuery);
  return (
    <Panel title="Health" value={data && !error ? <State status={data.status} /> : undefined} detail={dataUpdatedAt > 0 ? <>as of <ZoneTime value={dataUpdatedAt} style="clock" /></> : undefined}>
      {error && <Failure title="The server's health is not known" error={error} onRetry={() => void refetch()} />}
      {isPending && <Loading rows={3} />}
      {data && <DataTable label="Parts of the server" columns={columns} rows={data.components ?? []} rowKey={({ name }) => name} initialSort={{ column: "status", descending: false }} />}
      <p className={classes.outro}>
        Asked every five seconds. What the server did over time is on the dashboard <PageLink href={dashboardLink("pharos-platform")}>Platform</PageLink>; monitoring from outside asks <code>/readyz</code> on the operations port, or <code>/v1/health</code> here.
      </p>
    </Panel>
  );
}
