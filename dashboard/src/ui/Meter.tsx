// How much of something is used: a name, a bar, and the numbers.

import { format } from "../format/units";
import classes from "./Meter.module.css";

interface Props {
  label: string;
  used: number;
  size: number;
}

/** level is what a part used means: fine, getting full, full. */
export function level(percent: number): "ok" | "warn" | "bad" {
  if (percent >= 95) return "bad";
  return percent >= 85 ? "warn" : "ok";
}

export function Meter({ label, used, size }: Props) {
  const percent = size > 0 ? Math.min(100, (100 * used) / size) : 0;
  return (
    <li className={classes.meter}>
      <span className={classes.label} title={label}>
        {label}
      </span>
      <span className={classes.numbers}>
        {format(used, "bytes")} of {format(size, "bytes")}
      </span>
      <span className={classes.percent}>{format(percent, "percent")}</span>
      <span className={classes.track} role="meter" aria-label={label} aria-valuenow={Math.round(percent)} aria-valuemin={0} aria-valuemax={100}>
        <span className={classes.fill} data-level={level(percent)} style={{ width: `${percent}%` }} />
      </span>
    </li>
  );
}
