// What programs send to this server, now and lately.

import { Sparkline } from "../chart/Sparkline";
import { format } from "../format/units";
import { lastTimeOf, valueAt, type Frame } from "../live/frame";
import { useFrame } from "../live/useFrame";
import { Panel } from "../ui/Panel";
import classes from "./panels.module.css";
import { intake, refused } from "./queries";
import { SendSnippet } from "./SendSnippet";
import { useColours } from "./useColours";

const protocols: Record<string, string> = {
  otlp_grpc: "OTLP gRPC",
  otlp_http: "OTLP HTTP",
  json: "JSON",
  remote_write: "Remote write",
};

/** sumOf adds up the series of a signal, point by point. */
export function sumOf(frame: Frame, signal: string): (number | null)[] {
  const rows = frame.series.filter((s) => s.labels["signal"] === signal);
  return frame.times.map((_, i) => rows.reduce<number | null>((sum, row) => (row.values[i] === null ? sum : (sum ?? 0) + (row.values[i] ?? 0)), null));
}

export function IntakePanel() {
  const state = useFrame(intake);
  const refusals = useFrame(refused);
  const colour = useColours();
  const metrics = sumOf(state.frame, "metrics");
  const logs = sumOf(state.frame, "logs");
  const everSent = state.frame.series.some((s) => s.values.some((value) => value !== null && value > 0));
  const refusedNow = refusals.frame.series.reduce((sum, s) => sum + (valueAt(s.values, null) ?? 0), 0);
  return (
    <Panel title="Coming in" detail={lastTimeOf(state.frame) ? "from your programs" : undefined} error={state.error} area="intake">
      <div className={classes.rates}>
        <Rate label="Samples" values={metrics} colour={colour(0)} />
        <Rate label="Log lines" values={logs} colour={colour(1)} />
      </div>
      {refusedNow > 0 && (
        <p className={classes.refused} role="alert">
          {format(refusedNow, "perSecond")} refused; the answers to the senders say why.
        </p>
      )}
      {everSent ? <Protocols frame={state.frame} /> : !state.loading && <SendSnippet />}
    </Panel>
  );
}

function Rate({ label, values, colour }: { label: string; values: (number | null)[]; colour: string }) {
  return (
    <div className={classes.rate}>
      <span>{label}</span>
      <strong>{format(valueAt(values, null) ?? 0, "perSecond")}</strong>
      <Sparkline values={values} colour={colour} height={28} />
    </div>
  );
}

function Protocols({ frame }: { frame: Frame }) {
  const rate = (protocol: string, signal: string) => {
    const series = frame.series.find((s) => s.labels["protocol"] === protocol && s.labels["signal"] === signal);
    return series ? valueAt(series.values, null) : null;
  };
  const used = Object.keys(protocols).filter((protocol) => frame.series.some((s) => s.labels["protocol"] === protocol && s.values.some((v) => (v ?? 0) > 0)));
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Protocol</th>
          <th scope="col">Samples</th>
          <th scope="col">Log lines</th>
        </tr>
      </thead>
      <tbody>
        {used.map((protocol) => (
          <tr key={protocol}>
            <th scope="row">{protocols[protocol]}</th>
            <td>{format(rate(protocol, "metrics"), "perSecond")}</td>
            <td>{format(rate(protocol, "logs"), "perSecond")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
