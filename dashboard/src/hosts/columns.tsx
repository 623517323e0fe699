// The columns of the list of hosts.

import { Link } from "@tanstack/react-router";

import { format, formatDuration } from "../format/units";
import type { Column } from "../ui/DataTable";
import { level } from "../ui/Meter";
import { ago, keepTime, roughly } from "./age";
import { agentOrder, troubleOf } from "./fleet";
import { limits, shortSystem, type HostRow } from "./model";
import { Spark } from "./sparks";
import { TroubleBadge } from "./TroubleBadge";
import classes from "./HostsPage.module.css";

/** Part is how much of something is used: a number, and a bar that is coloured when it is much. */
export function Part({ value, hint, warn = 85 }: { value: number | undefined; hint?: string | undefined; warn?: number }) {
  const state = value === undefined || value < warn ? "ok" : level(Math.max(value, 85));
  return (
    <span className={classes.part} data-level={state} title={hint}>
      <span className={classes.partBar} aria-hidden="true">
        <span style={{ width: `${Math.min(100, value ?? 0)}%` }} />
      </span>
      <span className={classes.partValue}>{format(value, "percent")}</span>
    </span>
  );
}

function HostName({ row }: { row: HostRow }) {
  return (
    <span className={classes.name}>
      <span className={classes.dot} data-stale={row.stale} data-bad={!row.stale && troubleOf(row) !== undefined} aria-hidden="true" />
      <Link to="/hosts/$host" params={{ host: row.name }} search={keepTime} className={classes.link ?? ""}>
        {row.name}
      </Link>
      <TroubleBadge row={row} />
    </span>
  );
}

const network = (row: HostRow) => (row.netIn === undefined && row.netOut === undefined ? undefined : (row.netIn ?? 0) + (row.netOut ?? 0));

export function hostColumns(colour: (index: number) => string): Column<HostRow>[] {
  return [
    { id: "name", title: "Host", sortBy: (row) => row.name, cell: (row) => <HostName row={row} /> },
    {
      id: "cpu",
      title: "CPU",
      number: true,
      sortBy: (row) => (row.stale ? undefined : row.cpu),
      hint: "Time of all cores that is not idle",
      cell: (row) => <Part value={row.cpu} hint={row.cores ? `${row.cores} cores` : undefined} warn={limits.cpu} />,
    },
    { id: "cpuLine", title: "", optional: true, cell: (row) => <Spark name={row.name} fact="cpu" colour={colour(0)} max={100} /> },
    {
      id: "memory",
      title: "Memory",
      number: true,
      sortBy: (row) => (row.stale ? undefined : row.memory),
      hint: "Memory in use, without caches and buffers",
      cell: (row) => <Part value={row.memory} hint={`${format(row.memoryUsed, "bytes")} of ${format(row.memoryTotal, "bytes")}`} warn={limits.memory} />,
    },
    {
      id: "disk",
      title: "Disk",
      number: true,
      sortBy: (row) => (row.stale ? undefined : row.disk),
      hint: "The fullest filesystem: point at a value to see where it is mounted",
      cell: (row) => <Part value={row.disk} hint={row.mountpoint} warn={limits.disk} />,
    },
    {
      id: "network",
      title: "Network in / out",
      number: true,
      optional: true,
      sortBy: (row) => (row.stale ? undefined : network(row)),
      hint: "Bytes received and transmitted; sorted by their sum",
      cell: (row) => (
        <span className={classes.network}>
          {format(row.netIn, "bytesPerSecond")} <span className="muted">/</span> {format(row.netOut, "bytesPerSecond")}
        </span>
      ),
    },
    { id: "networkLine", title: "", optional: true, cell: (row) => <Spark name={row.name} fact="network" colour={colour(2)} /> },
    {
      id: "load",
      title: "Load / core",
      number: true,
      optional: true,
      sortBy: (row) => (row.stale ? undefined : row.loadPerCore),
      hint: "Mean load of one minute, divided by the cores",
      cell: (row) => <Load row={row} />,
    },
    {
      id: "agent",
      title: "Agent",
      optional: true,
      sortBy: agentOrder,
      hint: "Version of the agent; sorted by how it does",
      cell: (row) => <span className={row.agent ? undefined : "muted"}>{row.agent?.version ?? "–"}</span>,
    },
    { id: "uptime", title: "Up", number: true, optional: true, sortBy: (row) => row.uptime, cell: (row) => <span title={formatDuration(row.uptime)}>{roughly(row.uptime)}</span> },
    { id: "os", title: "System", optional: true, sortBy: (row) => row.os, cell: (row) => <span className={classes.os} title={[row.os, row.kernel, row.arch].filter(Boolean).join(", ")}>{shortSystem(row.os)}</span> },
    { id: "seen", title: "Last seen", number: true, optional: true, sortBy: (row) => row.age, cell: (row) => <span data-stale={row.stale} className={classes.seen}>{ago(row.age)}</span> },
  ];
}

function Load({ row }: { row: HostRow }) {
  const { load, cores, loadPerCore } = row;
  if (loadPerCore === undefined) return <>{load === undefined ? "–" : load.toFixed(2)}</>;
  return (
    <span className={classes.load} data-high={loadPerCore >= limits.loadPerCore} title={`Load ${load?.toFixed(2)} on ${cores} cores`}>
      {loadPerCore.toFixed(2)}
    </span>
  );
}
