import { TimeChart } from "../chart/TimeChart";
import { total } from "../chart/data";
import { format } from "../format/units";
import { useFrame } from "../live/useFrame";
import { useInstant } from "../live/useInstant";
import type { InstantSeries } from "../api/types";
import { Meter } from "../ui/Meter";
import { Panel } from "../ui/Panel";
import classes from "./panels.module.css";
import { diskIO, filesystems, labels } from "./queries";
import { diskDirections, named } from "./series";
import { useColours } from "./useColours";
import { useZoom } from "../time/useZoom";

/** How many filesystems are listed: the fullest ones. */
const mostFilesystems = 4;

export function DiskPanel({ host }: { host: string }) {
  const state = useFrame(diskIO(host));
  const usage = useInstant(filesystems(host), 10);
  const colour = useColours();
  const zoom = useZoom();
  const series = named(state.frame, labels.disk, diskDirections, colour);
  return (
    <Panel title="Disk" value={format(total(series, null), "bytesPerSecond")} detail="read and written" error={state.error} area="disk">
      <TimeChart label="Disk" frame={state.frame} series={series} unit="bytesPerSecond" from={state.from} to={state.to} loading={state.loading} onZoom={zoom} />
      <ul className={classes.meters}>
        {mountpoints(usage.series).map(({ name, used, size }) => (
          <Meter key={name} label={name} used={used} size={size} />
        ))}
      </ul>
    </Panel>
  );
}

interface Mountpoint {
  name: string;
  used: number;
  size: number;
}

/** mountpoints adds up the states of each filesystem, and keeps the fullest. */
export function mountpoints(series: InstantSeries[]): Mountpoint[] {
  const byName = new Map<string, Mountpoint>();
  for (const { metric, value } of series) {
    const name = metric[labels.mountpoint] ?? "";
    const state = metric[labels.filesystemState];
    const entry = byName.get(name) ?? { name, used: 0, size: 0 };
    // What is kept for root can't be filled by others, so it is no part of the size: as df has it.
    if (state === "used") entry.used += Number(value[1]);
    if (state === "used" || state === "free") entry.size += Number(value[1]);
    byName.set(name, entry);
  }
  return [...byName.values()]
    .filter((m) => m.size > 0)
    .toSorted((a, b) => b.used / b.size - a.used / a.size)
    .slice(0, mostFilesystems)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
