// The columns of the list of services.

import { Link } from "@tanstack/react-router";

import { Sparkline } from "../chart/Sparkline";
import { format } from "../format/units";
import { ago, keepTime } from "../hosts/age";
import hosts from "../hosts/HostsPage.module.css";
import { logsLink } from "../links";
import type { TimeRange } from "../time/range";
import type { Column } from "../ui/DataTable";
import type { LogBuckets } from "./api";
import { limits, type ServiceRow } from "./model";
import { failures, serviceLogs } from "./queries";
import classes from "./ServicesPage.module.css";

function ServiceName({ row }: { row: ServiceRow }) {
  return (
    <span className={hosts.name}>
      <span className={hosts.dot} data-stale={row.silent} aria-hidden="true" />
      <Link to="/services/$service" params={{ service: row.name }} search={keepTime} className={hosts.link ?? ""}>
        {row.name}
      </Link>
      {row.silent && (
        <span className={hosts.badge} title={`Last seen ${ago(row.age)}`}>
          silent
        </span>
      )}
    </span>
  );
}

/** Share is a part of something that should be small: coloured from a limit on. */
export function Share({ value, limit }: { value: number | undefined; limit: number }) {
  return (
    <span className={classes.share} data-high={value !== undefined && value >= limit}>
      {format(value, "percent")}
    </span>
  );
}

/** LogLine draws how many lines came over time, each service by its own measure. */
export function LogLine({ lines, name, colour }: { lines: LogBuckets | undefined; name: string; colour: string }) {
  // The outermost buckets reach over the range, so they are not full.
  const counts = lines?.counts.get(name)?.map((count, i, all) => (i === 0 || i === all.length - 1 ? null : count));
  const from = lines?.times[0];
  const to = lines?.times.at(-1);
  return (
    <span className={classes.line} data-spark={counts ? "drawn" : "empty"}>
      {counts && from !== undefined && to !== undefined && to > from && <Sparkline times={lines?.times ?? []} values={counts} from={from} to={to} max={Math.max(1, ...counts.map(Number))} colour={colour} height={18} />}
    </span>
  );
}

interface Context {
  colour: (index: number) => string;
  range: TimeRange;
  lines: LogBuckets | undefined;
}

export function serviceColumns({ colour, range, lines }: Context): Column<ServiceRow>[] {
  return [
    { id: "name", title: "Service", sortBy: (row) => row.name, cell: (row) => <ServiceName row={row} /> },
    { id: "rate", title: "Requests", number: true, sortBy: (row) => row.rate, cell: (row) => format(row.rate, "perSecond"), hint: "HTTP and RPC requests that it answers, of the last five minutes" },
    { id: "errors", title: "Failed", number: true, sortBy: (row) => row.errors, cell: (row) => <Share value={row.errors} limit={limits.errors} />, hint: "Part of the requests that failed: HTTP 5xx, RPC errors" },
    { id: "p95", title: "p95", number: true, sortBy: (row) => row.p95, cell: (row) => format(row.p95, "seconds"), hint: "95 of 100 requests were faster than this" },
    {
      id: "logs",
      title: "Log lines",
      number: true,
      sortBy: (row) => row.logs,
      hint: "In the time range",
      cell: (row) => (row.logs > 0 ? <Link to={logsLink(serviceLogs(row.name), range)} className={classes.number ?? ""}>{format(row.logs, "count")}</Link> : "–"),
    },
    { id: "logLine", title: "", optional: true, cell: (row) => <LogLine lines={lines} name={row.name} colour={colour(0)} /> },
    {
      id: "logErrors",
      title: "Errors logged",
      number: true,
      optional: true,
      sortBy: (row) => row.logErrorPart,
      hint: "Part of the log lines with the level error or worse",
      cell: (row) =>
        row.logErrors > 0 ? (
          <Link to={logsLink(`${serviceLogs(row.name)} ${failures}`, range)} className={classes.number ?? ""} title={`${format(row.logErrors, "count")} lines`}>
            <Share value={row.logErrorPart} limit={limits.logErrors} />
          </Link>
        ) : (
          <Share value={row.logErrorPart} limit={limits.logErrors} />
        ),
    },
    { id: "series", title: "Series", number: true, optional: true, sortBy: (row) => row.series, cell: (row) => <span title={`${row.metrics} metrics`}>{format(row.series, "count")}</span> },
    { id: "metrics", title: "Metrics", number: true, optional: true, sortBy: (row) => row.metrics, cell: (row) => format(row.metrics, "count") },
    { id: "instances", title: "Instances", number: true, optional: true, sortBy: (row) => row.instances, cell: (row) => format(row.instances, "count") },
    { id: "seen", title: "Last seen", number: true, optional: true, sortBy: (row) => row.age, cell: (row) => <span className={hosts.seen} data-stale={row.silent}>{ago(row.age)}</span> },
  ];
}
