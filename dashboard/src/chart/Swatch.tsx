// The colour and the dashes of a series, as its line has them.

import type { ChartSeries } from "./data";
import classes from "./TimeChart.module.css";

export function Swatch({ series }: { series: Pick<ChartSeries, "colour" | "dash"> }) {
  if (!series.dash) return <span className={classes.swatch} style={{ background: series.colour }} />;
  return (
    <svg className={classes.dash} width="14" height="8" aria-hidden="true">
      <path d="M0 4H14" stroke={series.colour} strokeWidth="2.5" strokeDasharray={series.dash.map((length) => Math.max(1.5, length * 0.6)).join(" ")} />
    </svg>
  );
}
