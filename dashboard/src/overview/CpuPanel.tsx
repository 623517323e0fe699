import { TimeChart } from "../chart/TimeChart";
import { total } from "../chart/data";
import { format } from "../format/units";
import { useFrame } from "../live/useFrame";
import { Panel } from "../ui/Panel";
import { CoreStrip } from "./CoreStrip";
import { cpuByCore, cpuByMode, labels } from "./queries";
import { cpuModes, named } from "./series";
import { useColours } from "./useColours";
import { useZoom } from "../time/useZoom";

export function CpuPanel({ host }: { host: string }) {
  const state = useFrame(cpuByMode(host));
  const cores = useFrame(cpuByCore(host), 200);
  const colour = useColours();
  const zoom = useZoom();
  const series = named(state.frame, labels.cpuMode, cpuModes, colour, ["Steal", "Other"], 0.5);
  return (
    <Panel title="CPU" value={format(total(series, null), "percent")} error={state.error} area="cpu">
      <TimeChart label="CPU" frame={state.frame} series={series} unit="percent" from={state.from} to={state.to} stacked max={100} loading={state.loading} onZoom={zoom} />
      <CoreStrip state={cores} colour={colour(0)} />
    </Panel>
  );
}
