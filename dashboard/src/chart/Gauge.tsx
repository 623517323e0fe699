// A value on an arc between two ends, with its thresholds along it.

import { useComputedColorScheme } from "@mantine/core";

import { axisFormatter } from "../format/axis";
import { format, type Unit } from "../format/units";
import { levelColours, seriesColours } from "../theme";
import classes from "./Gauge.module.css";
import { levelOf, type Threshold } from "./marks";

interface Props {
  label: string;
  showLabel?: boolean;
  value: number | null;
  unit: Unit;
  min?: number;
  max: number;
  thresholds?: readonly Threshold[];
}

const radius = 40;
/** The arc is open below, by so many degrees. */
const opening = 120;
const start = 90 + opening / 2;
const sweep = 360 - opening;

function pointAt(share: number, r: number): string {
  const angle = ((start + share * sweep) * Math.PI) / 180;
  return `${(50 + r * Math.cos(angle)).toFixed(2)} ${(50 + r * Math.sin(angle)).toFixed(2)}`;
}

/** arc is the path of a part of the gauge; shares go from 0 to 1. */
export function arc(from: number, to: number, r = radius): string {
  const large = (to - from) * sweep > 180 ? 1 : 0;
  return `M${pointAt(from, r)}A${r} ${r} 0 ${large} 1 ${pointAt(to, r)}`;
}

/** shareOf is where a value is between the ends, held inside them. */
export function shareOf(value: number, min: number, max: number): number {
  return max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
}

export function Gauge({ label, showLabel = false, value, unit, min = 0, max, thresholds = [] }: Props) {
  const scheme = useComputedColorScheme("light");
  const level = levelOf(value, thresholds);
  const colour = level ? levelColours[scheme][level] : (seriesColours[scheme][0] ?? "#888888");
  const share = value === null ? 0 : shareOf(value, min, max);
  const text = value === null ? "No value" : format(value, unit);
  const [low, high] = axisFormatter(unit)([min, max]);
  return (
    <div className={classes.gauge}>
      <svg viewBox="0 0 100 82" role="meter" aria-label={label} aria-valuemin={min} aria-valuemax={max} aria-valuenow={value ?? min} aria-valuetext={text}>
        <path d={arc(0, 1)} className={classes.track} />
        {share > 0.004 && <path d={arc(0, share)} className={classes.fill} stroke={colour} />}
        {ranges(thresholds, min, max).map(({ from, to, of }) => (
          <path key={from} d={arc(from, to, radius + 6.5)} className={classes.range} stroke={levelColours[scheme][of]} />
        ))}
        <text x="50" y="56" className={value === null ? classes.none : classes.value} style={{ fontSize: value === null ? 9 : Math.min(17, 95 / Math.max(4, text.length)) }}>
          {text}
        </text>
        <text x="24" y="80" className={classes.end}>
          {low}
        </text>
        <text x="76" y="80" className={classes.end}>
          {high}
        </text>
      </svg>
      {showLabel && (
        <span className={classes.label} title={label}>
          {label}
        </span>
      )}
    </div>
  );
}

/** ranges parts the arc by thresholds; each lasts until the next begins. */
function ranges(thresholds: readonly Threshold[], min: number, max: number) {
  const sorted = thresholds.toSorted((a, b) => a.value - b.value);
  return sorted.flatMap(({ value, to, level }, i) => {
    const from = shareOf(value, min, max);
    const end = shareOf(to ?? sorted[i + 1]?.value ?? max, min, max);
    return end > from ? [{ from, to: end, of: level }] : [];
  });
}
