// One value, as large as its place allows, with the line of how it came to be.

import { useComputedColorScheme } from "@mantine/core";

import type { CSSProperties } from "react";

import { format, type Unit } from "../format/units";
import { levelColours, seriesColours } from "../theme";
import type { Row } from "./data";
import { levelOf, type Threshold } from "./marks";
import { Sparkline } from "./Sparkline";
import classes from "./Stat.module.css";
import { statsOf } from "./stats";

interface Props {
  /** What the value is of; shown above it when there are several. */
  label: string;
  showLabel?: boolean;
  value: number | null;
  unit: Unit;
  thresholds?: readonly Threshold[];
  /** What the thresholds colour. */
  colourMode?: "none" | "value" | "background";
  /** The history behind the value. */
  history?: { times: readonly number[]; values: Row; from: number; to: number } | undefined;
  /** Said in place of a value. */
  empty?: string;
}

export function Stat({ label, showLabel = false, value, unit, thresholds = [], colourMode = "value", history, empty = "No value" }: Props) {
  const scheme = useComputedColorScheme("light");
  const level = colourMode === "none" ? undefined : levelOf(value, thresholds);
  const text = value === null ? undefined : format(value, unit);
  const stroke = level ? levelColours[scheme][level] : (seriesColours[scheme][0] ?? "#888888");
  return (
    <div className={classes.stat} data-level={level} data-mode={colourMode}>
      {showLabel && (
        <span className={classes.label} title={label}>
          {label}
        </span>
      )}
      <span className={text ? classes.value : classes.none} aria-label={`${label}: ${text ?? empty}`} role="img" style={{ "--length": Math.max(4, text?.length ?? 0) } as CSSProperties}>
        {text ?? empty}
      </span>
      {history && <History history={history} stroke={stroke} />}
    </div>
  );
}

function History({ history, stroke }: { history: NonNullable<Props["history"]>; stroke: string }) {
  const { min, max } = statsOf(history.values);
  if (min === null || max === null) return null;
  // The line shows the course, not the size: that is what the value says.
  const low = min >= 0 && min < max / 2 ? 0 : min;
  const values = history.values.map((value) => (value === null || value === undefined ? null : value - low));
  return (
    <div className={classes.history}>
      <Sparkline times={history.times} values={values} from={history.from} to={history.to} max={max - low || 1} colour={stroke} height={30} />
    </div>
  );
}
