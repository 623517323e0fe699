// Bars in the place of lines that are on their way.

import classes from "./States.module.css";

const widths = ["92%", "78%", "86%", "64%", "81%", "70%"];

export function Loading({ rows = 4, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div className={classes.loading} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className={classes.bar} style={{ width: widths[i % widths.length] }} />
      ))}
    </div>
  );
}
