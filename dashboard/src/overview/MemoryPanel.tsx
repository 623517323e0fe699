import { TimeChart } from "../chart/TimeChart";
import { format } from "../format/units";
import { pick, valueAt } from "../live/frame";
import { useFrame } from "../live/useFrame";
import { Panel } from "../ui/Panel";
import type { Facts } from "./facts";
import { ProcessTable } from "./ProcessTable";
import { labels, memoryByState } from "./queries";
import { memoryStates, named } from "./series";
import { useColours } from "./useColours";
import { useZoom } from "../time/useZoom";

export function MemoryPanel({ host, facts }: { host: string; facts: Facts }) {
  const state = useFrame(memoryByState(host));
  const colour = useColours();
  const zoom = useZoom();
  const series = named(state.frame, labels.memoryState, memoryStates, colour, ["Buffers"]);
  const usedSeries = pick(state.frame, labels.memoryState, "used");
  const used = usedSeries ? valueAt(usedSeries.values, null) : null;
  const { memory } = facts;
  return (
    <Panel
      title="Memory"
      value={format(used, "bytes")}
      detail={memory ? `of ${format(memory, "bytes")}${used === null ? "" : `, ${format((100 * used) / memory, "percent")}`}` : undefined}
      error={state.error}
      area="memory"
    >
      <TimeChart label="Memory" frame={state.frame} series={series} unit="bytes" from={state.from} to={state.to} stacked max={memory} loading={state.loading} onZoom={zoom} />
      <ProcessTable host={host} />
    </Panel>
  );
}
