// The filesystems of a host: how full they are, in bytes and in inodes.

import type { InstantSeries } from "../api/types";
import { format } from "../format/units";
import { useInstant } from "../live/useInstant";
import { DataTable, type Column } from "../ui/DataTable";
import { Panel } from "../ui/Panel";
import { Part } from "./columns";
import { limits } from "./model";
import { filesystems, labels } from "./queries";

export interface Filesystem {
  mountpoint: string;
  device: string;
  type: string;
  used: number;
  free: number;
  inodesUsed: number;
  inodesFree: number;
}

/** filesystemsOf adds up the states of each. */
export function filesystemsOf(series: readonly InstantSeries[]): Filesystem[] {
  const found = new Map<string, Filesystem>();
  for (const { metric, value } of series) {
    const mountpoint = metric[labels.mountpoint] ?? "";
    const device = metric["system_device"] ?? "";
    const key = `${device} ${mountpoint}`;
    const entry = found.get(key) ?? { mountpoint, device, type: metric[labels.filesystemType] ?? "", used: 0, free: 0, inodesUsed: 0, inodesFree: 0 };
    found.set(key, entry);
    const state = metric[labels.filesystemState];
    const number = Number(value[1]);
    if (metric["fact"] === "bytes" && state === "used") entry.used += number;
    if (metric["fact"] === "bytes" && state === "free") entry.free += number;
    if (metric["fact"] === "inodes" && state === "used") entry.inodesUsed += number;
    if (metric["fact"] === "inodes" && state === "free") entry.inodesFree += number;
  }
  return [...found.values()].filter((fs) => fs.used + fs.free > 0);
}

/** partOf is how full something is in percent; undefined when it has no size. */
export function partOf(used: number, free: number): number | undefined {
  return used + free > 0 ? (100 * used) / (used + free) : undefined;
}

const columns: Column<Filesystem>[] = [
  { id: "mountpoint", title: "Mounted on", sortBy: (fs) => fs.mountpoint, cell: (fs) => <span className="mono">{fs.mountpoint}</span>, wide: true },
  { id: "device", title: "Device", optional: true, sortBy: (fs) => fs.device, cell: (fs) => <span className="muted">{fs.device}</span> },
  { id: "type", title: "Type", optional: true, sortBy: (fs) => fs.type, cell: (fs) => <span className="muted">{fs.type}</span> },
  { id: "size", title: "Size", number: true, sortBy: (fs) => fs.used + fs.free, cell: (fs) => format(fs.used + fs.free, "bytes") },
  { id: "free", title: "Free", number: true, sortBy: (fs) => fs.free, cell: (fs) => format(fs.free, "bytes") },
  { id: "used", title: "Used", number: true, sortBy: (fs) => partOf(fs.used, fs.free), cell: (fs) => <Part value={partOf(fs.used, fs.free)} warn={limits.disk} hint={format(fs.used, "bytes")} /> },
  {
    id: "inodes",
    title: "Inodes",
    number: true,
    optional: true,
    sortBy: (fs) => partOf(fs.inodesUsed, fs.inodesFree),
    cell: (fs) => <Part value={partOf(fs.inodesUsed, fs.inodesFree)} warn={limits.disk} hint={`${format(fs.inodesUsed, "count")} used, ${format(fs.inodesFree, "count")} free`} />,
  },
];

export function Filesystems({ host }: { host: string }) {
  const { series, error, loading } = useInstant(filesystems(host), 10);
  const rows = filesystemsOf(series);
  return (
    <Panel title="Filesystems" error={error}>
      <DataTable
        label="Filesystems"
        columns={columns}
        rows={rows}
        rowKey={(fs) => `${fs.device} ${fs.mountpoint}`}
        initialSort={{ column: "used", descending: true }}
        empty={<p className="muted">{loading ? "Loading" : "No filesystem was reported at the end of this time range."}</p>}
      />
    </Panel>
  );
}
