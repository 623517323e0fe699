// Each core by itself: a line each, or, when there are many, a cell each.

import { Sparkline } from "../chart/Sparkline";
import { format } from "../format/units";
import { valueAt, type FrameSeries } from "../live/frame";
import type { FrameState } from "../live/useFrame";
import { labels } from "./queries";
import classes from "./CoreStrip.module.css";

/** How many cores get a line; more of them get a cell. */
const mostLines = 16;

function coreNumber(series: FrameSeries): number {
  return Number(series.labels[labels.core] ?? 0);
}

export function CoreStrip({ state, colour }: { state: FrameState; colour: string }) {
  const { frame, from, to } = state;
  const cores = frame.series.toSorted((a, b) => coreNumber(a) - coreNumber(b));
  if (cores.length > mostLines) return <CoreCells cores={cores} colour={colour} />;
  return (
    <ul className={classes.lines} aria-label="CPU by core">
      {cores.map((core) => (
        <li key={core.key} className={classes.line}>
          <span className="muted" aria-label={`Core ${coreNumber(core)}`}>
            {coreNumber(core)}
          </span>
          <span className={classes.number}>{format(valueAt(core.values, null), "percent")}</span>
          <Sparkline times={frame.times} values={core.values} from={from} to={to} max={100} colour={colour} />
        </li>
      ))}
    </ul>
  );
}

function CoreCells({ cores, colour }: { cores: FrameSeries[]; colour: string }) {
  return (
    <ul className={classes.cells} aria-label="CPU by core">
      {cores.map((core) => {
        const text = `Core ${coreNumber(core)}: ${format(valueAt(core.values, null), "percent")}`;
        return (
          <li key={core.key} className={classes.cell} title={text} aria-label={text}>
            <span style={{ background: colour, opacity: (valueAt(core.values, null) ?? 0) / 100 }} />
          </li>
        );
      })}
    </ul>
  );
}
