// The services that run on a host: who sends metrics or logs under its name.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { countByField } from "../api/logs";
import type { FieldValue, InstantSeries } from "../api/types";
import { format } from "../format/units";
import { useInstant } from "../live/useInstant";
import { logsLink } from "../links";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { DataTable, type Column } from "../ui/DataTable";
import { Panel } from "../ui/Panel";
import { keepTime } from "./age";
import { hostLogs, quote, servicesOn } from "./queries";

export interface ServiceOnHost {
  name: string;
  instances: string[];
  series: number;
  logs: number;
}

/** joinServices puts together what the metrics and the logs of a host know. */
export function joinServices(series: readonly InstantSeries[], logs: readonly FieldValue[]): ServiceOnHost[] {
  const found = new Map<string, ServiceOnHost>();
  const entry = (name: string) => {
    const known = found.get(name) ?? { name, instances: [], series: 0, logs: 0 };
    found.set(name, known);
    return known;
  };
  for (const { metric, value } of series) {
    const service = entry(metric["service"] ?? "");
    if (metric["instance"]) service.instances.push(metric["instance"]);
    service.series += Number(value[1]);
  }
  for (const { value, count } of logs) entry(value).logs += count;
  found.delete("");
  return [...found.values()];
}

export function HostServices({ host }: { host: string }) {
  const { range, live, epoch } = usePageTime();
  const metrics = useInstant(servicesOn(host), 10);
  const logs = useQuery({
    queryKey: ["host", "services", host, range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? countByField("service", hostLogs(host), span.from, span.to, 100, signal) : [];
    },
    placeholderData: keepPreviousData,
    refetchInterval: live ? 15_000 : false,
  });
  const rows = joinServices(metrics.series, logs.data ?? []);
  const columns: Column<ServiceOnHost>[] = [
    { id: "name", title: "Service", sortBy: (s) => s.name, cell: (s) => <Link to="/services/$service" params={{ service: s.name }} search={keepTime}>{s.name}</Link> },
    { id: "instances", title: "Instances here", wide: true, sortBy: (s) => s.instances.length, cell: (s) => s.instances.toSorted().join(", ") || "–" },
    { id: "series", title: "Series", number: true, sortBy: (s) => s.series, cell: (s) => format(s.series, "count") },
    { id: "logs", title: "Log lines", number: true, sortBy: (s) => s.logs, cell: (s) => (s.logs > 0 ? <Link to={logsLink(`${hostLogs(host)} service:=${quote(s.name)}`, range)}>{format(s.logs, "count")}</Link> : "–") },
  ];
  return (
    <Panel title="Services on this host" error={metrics.error ?? logs.error ?? undefined}>
      <DataTable
        label="Services on this host"
        columns={columns}
        rows={rows}
        rowKey={(s) => s.name}
        initialSort={{ column: "name", descending: false }}
        empty={<p className="muted">{metrics.loading ? "Loading" : "No service sends metrics or logs with this host.name."}</p>}
      />
    </Panel>
  );
}
