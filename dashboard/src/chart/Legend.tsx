// The series of a chart with their values: now, or at the cursor.

import { format, type Unit } from "../format/units";
import { valueAt } from "../live/frame";
import type { ChartSeries } from "./data";
import classes from "./TimeChart.module.css";

interface Props {
  series: readonly ChartSeries[];
  unit: Unit;
  index: number | null;
  time: string | undefined;
}

export function Legend({ series, unit, index, time }: Props) {
  return (
    <div className={classes.legend}>
      <ul className={classes.entries}>
        {series.map((s) => (
          <li key={s.key} className={classes.entry}>
            <span className={classes.swatch} style={{ background: s.colour }} />
            <span className={classes.name}>{s.label}</span>
            <span className={classes.number}>{format(valueAt(s.values, index), unit)}</span>
          </li>
        ))}
      </ul>
      {time && <span className={classes.time}>{time}</span>}
    </div>
  );
}
