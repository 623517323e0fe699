// The instances of a service: where each runs, of which version, and how it does.

import { Link, useSearch } from "@tanstack/react-router";

import { format } from "../format/units";
import { ago } from "../hosts/age";
import hosts from "../hosts/HostsPage.module.css";
import { hostLink, logsLink } from "../links";
import { quote } from "../overview/queries";
import { usePageTime } from "../time/context";
import type { TimeRange } from "../time/range";
import { DataTable, type Column } from "../ui/DataTable";
import { Panel } from "../ui/Panel";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { Share } from "./columns";
import type { Instance } from "./instances";
import { limits } from "./model";
import { serviceLogs } from "./queries";
import { parseService, writeService } from "./search";

function columnsOf(service: string, range: TimeRange): Column<Instance>[] {
  return [
    {
      id: "instance",
      title: "Instance",
      sortBy: (i) => i.name,
      cell: (i) => (
        <span className={hosts.name}>
          <span className={hosts.dot} data-stale={i.silent} aria-hidden="true" />
          {i.name}
          {i.silent && <span className={hosts.badge}>silent</span>}
        </span>
      ),
    },
    { id: "host", title: "Host", sortBy: (i) => i.host, cell: (i) => (i.host ? <Link to={hostLink(i.host, range)}>{i.host}</Link> : "–") },
    { id: "version", title: "Version", optional: true, sortBy: (i) => i.version, cell: (i) => i.version ?? "–" },
    { id: "environment", title: "Environment", optional: true, sortBy: (i) => i.environment, cell: (i) => i.environment ?? "–" },
    { id: "rate", title: "Requests", number: true, sortBy: (i) => i.rate, cell: (i) => format(i.rate, "perSecond") },
    { id: "errors", title: "Failed", number: true, sortBy: (i) => i.errors, cell: (i) => <Share value={i.errors} limit={limits.errors} /> },
    { id: "p95", title: "p95", number: true, sortBy: (i) => i.p95, cell: (i) => format(i.p95, "seconds") },
    { id: "series", title: "Series", number: true, optional: true, sortBy: (i) => i.series, cell: (i) => format(i.series, "count") },
    { id: "seen", title: "Last seen", number: true, optional: true, sortBy: (i) => i.age, cell: (i) => (i.age === undefined ? (i.series > 0 ? "lately" : "–") : ago(i.age)) },
    {
      id: "logs",
      title: "",
      optional: true,
      cell: (i) => (
        <Link to={logsLink(`${serviceLogs(service, i.environment)} instance_id:=${quote(i.name)}`, range)} aria-label={`Logs of ${i.name}`}>
          Logs
        </Link>
      ),
    },
  ];
}

export function Instances({ service, instances }: { service: string; instances: readonly Instance[] }) {
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const { range } = usePageTime();
  return (
    <Panel title="Instances" detail={instances.length > 0 ? "requests of the last five minutes" : undefined}>
      <DataTable
        label="Instances"
        columns={columnsOf(service, range)}
        rows={instances}
        rowKey={(i) => [i.name, i.host, i.environment].join("\n")}
        sort={parseService(search).instances}
        onSort={(sort) => change(writeService({ instances: sort }))}
        {...(instances.length > 14 ? { maxHeight: 420 } : {})}
        empty={<p className="muted">No instance is known: what it sends has no service.instance.id.</p>}
      />
    </Panel>
  );
}
