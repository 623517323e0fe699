// The series of a chart with their values in one line: now, or at the cursor.

import { format, type Unit } from "../format/units";
import { valueAt } from "../live/frame";
import { formatTime } from "../time/zone";
import { useCursor, type CursorStore } from "./cursor";
import type { ChartSeries } from "./data";
import { Swatch } from "./Swatch";
import classes from "./TimeChart.module.css";

interface Props {
  series: readonly ChartSeries[];
  unit: Unit;
  times: readonly number[];
  zone: string;
  store: CursorStore;
}

export function Legend({ series, unit, times, zone, store }: Props) {
  const { index } = useCursor(store);
  const at = index !== null && index < times.length ? index : null;
  return (
    <div className={classes.legend}>
      <ul className={classes.entries}>
        {series.map((s) => (
          <li key={s.key} className={classes.entry}>
            <Swatch series={s} />
            <span className={classes.name}>{s.label}</span>
            <span className={classes.number}>{format(valueAt(s.values, at), unit)}</span>
          </li>
        ))}
      </ul>
      {at !== null && <span className={classes.time}>{formatTime((times[at] ?? 0) * 1000, zone)}</span>}
    </div>
  );
}
