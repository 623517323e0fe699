// The content of a panel by its kind.

import type { PanelProps } from "../context";
import classes from "./panels.module.css";
import { TimeSeriesPanel } from "./TimeSeriesPanel";

export function PanelContent(props: PanelProps) {
  switch (props.panel.spec.plugin.kind) {
    case "TimeSeriesChart":
      return <TimeSeriesPanel {...props} />;
    default:
      return <p className={classes.nothing}>Panels of the kind {props.panel.spec.plugin.kind} can't be drawn here. They are kept as they are.</p>;
  }
}
