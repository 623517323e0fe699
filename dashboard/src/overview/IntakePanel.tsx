// What programs send to this server, now and lately.

import type { ChartSeries } from "../chart/data";
import { total } from "../chart/data";
import { TimeChart } from "../chart/TimeChart";
import { format } from "../format/units";
import { valueAt, type Frame } from "../live/frame";
import { useInstant } from "../live/useInstant";
import { useFrame, type FrameState } from "../live/useFrame";
import { Panel } from "../ui/Panel";
import classes from "./panels.module.css";
import { intake, intakeTotal, refused } from "./queries";
import { SendSnippet } from "./SendSnippet";
import { ServiceTable } from "./ServiceTable";
import { named, protocols } from "./series";
import { useColours } from "./useColours";
import { useZoom } from "../time/useZoom";

export function IntakePanel() {
  const state = useFrame(intake, 320);
  const sent = useInstant(intakeTotal, 5).series.some(({ value }) => Number(value[1]) > 0);
  const refusals = useFrame(refused, 320);
  const colour = useColours();
  const chart = (signal: string) => named(ofSignal(state.frame, signal), "protocol", protocols, colour, protocols.map(([, name]) => name));
  const metrics = chart("metrics");
  const logs = chart("logs");
  const refusedNow = refusals.frame.series.reduce((sum, s) => sum + (valueAt(s.values, null) ?? 0), 0);
  const silent = !sent && !state.loading && !state.error && metrics.length === 0 && logs.length === 0;
  return (
    <Panel title="Coming in" detail="from your programs" error={state.error}>
      {refusedNow > 0 && (
        <p className={classes.refused} role="alert">
          {format(refusedNow, "perSecond")} refused. The answers to the senders say why.
        </p>
      )}
      {silent ? (
        <SendSnippet />
      ) : (
        <>
          <Rate label="Samples" state={state} series={metrics} />
          <Rate label="Log lines" state={state} series={logs} />
        </>
      )}
      <ServiceTable />
    </Panel>
  );
}

function ofSignal(frame: Frame, signal: string): Frame {
  return { times: frame.times, series: frame.series.filter((s) => s.labels["signal"] === signal) };
}

function Rate({ label, state, series }: { label: string; state: FrameState; series: ChartSeries[] }) {
  const zoom = useZoom();
  return (
    <div className={classes.rate}>
      <p className={classes.rateHead}>
        <span>{label}</span>
        <strong>{format(total(series, null) ?? 0, "perSecond")}</strong>
      </p>
      <TimeChart label={label} frame={state.frame} series={series} unit="perSecond" from={state.from} to={state.to} stacked height={96} loading={state.loading} onZoom={zoom} />
    </div>
  );
}
