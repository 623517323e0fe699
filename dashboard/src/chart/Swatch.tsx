// The colour and the dashes of a series, as its line has them.

import type { ChartSeries } from "./data";
import classes from "./TimeChart.module.css";

interface Props {
  series: Pick<ChartSeries, "colour" | "dash">;
  /** In a list colours are as wide as dashes, so that names stand below each other. */
  listed?: boolean;
}

export function Swatch({ series, listed = false }: Props) {
  if (!series.dash) return <span className={classes.swatch} data-listed={listed} style={{ background: series.colour }} />;
  return (
    <svg className={classes.dash} width="14" height="8" aria-hidden="true">
      <path d="M0 4H14" stroke={series.colour} strokeWidth="2.5" strokeDasharray={series.dash.map((length) => Math.max(1.5, length * 0.6)).join(" ")} />
    </svg>
  );
}
