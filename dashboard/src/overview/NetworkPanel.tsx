import { TimeChart } from "../chart/TimeChart";
import { total } from "../chart/data";
import { format } from "../format/units";
import { useFrame } from "../live/useFrame";
import { useInstant } from "../live/useInstant";
import { Panel } from "../ui/Panel";
import classes from "./panels.module.css";
import { labels, networkByInterface, networkIO } from "./queries";
import { named, networkDirections } from "./series";
import { useColours } from "./useColours";
import { useZoom } from "../time/useZoom";

/** How many interfaces are listed: the busiest ones. */
const mostInterfaces = 4;

export function NetworkPanel({ host }: { host: string }) {
  const state = useFrame(networkIO(host));
  const colour = useColours();
  const zoom = useZoom();
  const series = named(state.frame, labels.network, networkDirections, colour);
  return (
    <Panel title="Network" value={format(total(series, null), "bytesPerSecond")} detail="in and out" error={state.error} area="network">
      <TimeChart label="Network" frame={state.frame} series={series} unit="bytesPerSecond" from={state.from} to={state.to} loading={state.loading} onZoom={zoom} />
      <Interfaces host={host} />
    </Panel>
  );
}

function Interfaces({ host }: { host: string }) {
  const { series } = useInstant(networkByInterface(host)(1), 2);
  const byName = new Map<string, { receive: number; transmit: number }>();
  for (const { metric, value } of series) {
    const name = metric[labels.networkInterface] ?? "";
    const entry = byName.get(name) ?? { receive: 0, transmit: 0 };
    if (metric[labels.network] === "receive") entry.receive = Number(value[1]);
    else entry.transmit = Number(value[1]);
    byName.set(name, entry);
  }
  const interfaces = [...byName]
    .toSorted(([a, x], [b, y]) => y.receive + y.transmit - x.receive - x.transmit || a.localeCompare(b))
    .slice(0, mostInterfaces)
    // The busiest are listed by name, so that they keep their places.
    .toSorted(([a], [b]) => a.localeCompare(b));
  if (interfaces.length === 0) return null;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Interface</th>
          <th scope="col">In</th>
          <th scope="col">Out</th>
        </tr>
      </thead>
      <tbody>
        {interfaces.map(([name, { receive, transmit }]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{format(receive, "bytesPerSecond")}</td>
            <td>{format(transmit, "bytesPerSecond")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
