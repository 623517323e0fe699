// The processes of a host that use most, as of the end of the time range.

import { useSearch } from "@tanstack/react-router";

import type { InstantSeries } from "../api/types";
import { format, formatDuration } from "../format/units";
import { useInstant } from "../live/useInstant";
import { DataTable, type Column } from "../ui/DataTable";
import { Panel } from "../ui/Panel";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { ExploreLink } from "./ChartCard";
import { labels, of, processes } from "./queries";
import { parseHost, writeHost } from "./search";
import classes from "./HostPage.module.css";

export interface Process {
  name: string;
  pid: string;
  cpu?: number;
  memory?: number;
  threads?: number;
  files?: number;
  uptime?: number;
}

/** processesOf joins the facts of each process. */
export function processesOf(series: readonly InstantSeries[]): Process[] {
  const found = new Map<string, Process>();
  for (const { metric, value } of series) {
    const name = metric[labels.process] ?? "";
    const pid = metric["process_pid"] ?? "";
    const key = `${pid} ${name}`;
    const entry = found.get(key) ?? { name, pid };
    found.set(key, entry);
    entry[metric["fact"] as "cpu" | "memory" | "threads" | "files" | "uptime"] = Number(value[1]);
  }
  return [...found.values()];
}

function columnsOf(host: string): Column<Process>[] {
  return [
    { id: "name", title: "Program", sortBy: (p) => p.name, cell: (p) => p.name, wide: true },
    { id: "pid", title: "PID", number: true, sortBy: (p) => Number(p.pid), cell: (p) => <span className="muted">{p.pid}</span> },
    { id: "cpu", title: "CPU", number: true, sortBy: (p) => p.cpu, cell: (p) => format(p.cpu === undefined ? undefined : Math.round(p.cpu * 10) / 10, "percent"), hint: "Part of all cores" },
    { id: "memory", title: "Memory", number: true, sortBy: (p) => p.memory, cell: (p) => format(p.memory, "bytes"), hint: "Physical memory" },
    { id: "threads", title: "Threads", number: true, optional: true, sortBy: (p) => p.threads, cell: (p) => format(p.threads, "count") },
    { id: "files", title: "Files", number: true, optional: true, sortBy: (p) => p.files, cell: (p) => format(p.files, "count"), hint: "Open file descriptors" },
    { id: "uptime", title: "Up", number: true, optional: true, sortBy: (p) => p.uptime, cell: (p) => formatDuration(p.uptime) },
    {
      id: "explore",
      title: "",
      cell: (p) => {
        const one = of(host, `${labels.process}="${p.name}"`, `process_pid="${p.pid}"`);
        return <ExploreLink queries={[`100 * process_cpu_utilization_ratio${one}`, `process_memory_usage_bytes${one}`]} title={`${p.name} ${p.pid}`} />;
      },
    },
  ];
}

/** Processes lists those seen in the last few reports of the host. */
export function Processes({ host, interval }: { host: string; interval: number }) {
  const { series, error, loading } = useInstant(processes(host, Math.max(20, 3 * interval)), 3);
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const rows = processesOf(series);
  return (
    <Panel title="Top processes" detail={rows.length > 0 ? "those that use most CPU or memory" : undefined} error={error}>
      <div className={classes.tall}>
        <DataTable
          label="Processes"
          columns={columnsOf(host)}
          rows={rows}
          rowKey={(p) => `${p.pid} ${p.name}`}
          sort={parseHost(search).processes}
          onSort={(sort) => change(writeHost({ processes: sort }))}
          empty={<p className="muted">{loading ? "Loading" : "No process was reported at the end of this time range. The host receiver sends them unless `processes` is switched off."}</p>}
        />
      </div>
    </Panel>
  );
}
