// The largest of something as bars that can be compared, each with its name and value.

import { useComputedColorScheme } from "@mantine/core";
import type { ReactNode } from "react";

import { format, type Unit } from "../format/units";
import { levelColours, seriesColours } from "../theme";
import classes from "./BarList.module.css";
import { levelOf, type Threshold } from "./marks";

export interface Bar {
  key: string;
  label: string;
  value: number | null;
}

interface Props {
  label: string;
  bars: readonly Bar[];
  unit: Unit;
  /** How many are shown: those with the largest values. */
  top?: number;
  /** The end of the bars; otherwise the largest value. */
  max?: number | undefined;
  thresholds?: readonly Threshold[];
  /** Makes a link of a name, in the app's own way. */
  link?: (bar: Bar) => ReactNode;
  empty?: string;
}

/** largest are the bars with the largest values, those without any last. */
export function largest(bars: readonly Bar[], top: number): Bar[] {
  return bars.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity) || a.label.localeCompare(b.label)).slice(0, top);
}

export function BarList({ label, bars, unit, top = 20, max, thresholds = [], link, empty = "Nothing in this time range" }: Props) {
  const scheme = useComputedColorScheme("light");
  const shown = largest(bars, top);
  const end = max ?? Math.max(0, ...shown.map((bar) => Math.abs(bar.value ?? 0)));
  if (shown.length === 0) return <p className={classes.more}>{empty}</p>;
  return (
    <>
      <ul className={classes.list} aria-label={label}>
        {shown.map((bar) => {
          const level = levelOf(bar.value, thresholds);
          const share = end > 0 ? Math.min(1, Math.abs(bar.value ?? 0) / end) : 0;
          return (
            <li key={bar.key} className={classes.bar}>
              <span className={classes.name} title={bar.label}>
                {link ? link(bar) : bar.label}
              </span>
              <span className={classes.value}>{format(bar.value, unit)}</span>
              <span className={classes.track} aria-hidden="true">
                <span style={{ width: `${share * 100}%`, background: level ? levelColours[scheme][level] : seriesColours[scheme][0] }} />
              </span>
            </li>
          );
        })}
      </ul>
      {bars.length > shown.length && (
        <p className={classes.more}>
          Top {shown.length} of {bars.length}
        </p>
      )}
    </>
  );
}
