// The content of a panel by its kind.

import type { PanelProps } from "../context";
import { BarPanel } from "./BarPanel";
import { GaugePanel } from "./GaugePanel";
import { LogPanel } from "./LogPanel";
import classes from "./panels.module.css";
import { StatPanel } from "./StatPanel";
import { TablePanel } from "./TablePanel";
import { TextPanel } from "./TextPanel";
import { TimeSeriesPanel } from "./TimeSeriesPanel";

export function PanelContent(props: PanelProps) {
  const { kind } = props.panel.spec.plugin;
  switch (kind) {
    case "TimeSeriesChart":
      return <TimeSeriesPanel {...props} />;
    case "StatChart":
      return <StatPanel {...props} />;
    case "GaugeChart":
      return <GaugePanel {...props} />;
    case "Table":
      return <TablePanel {...props} />;
    case "BarChart":
      return <BarPanel {...props} />;
    case "LogsTable":
      return <LogPanel {...props} />;
    case "Markdown":
      return <TextPanel {...props} />;
    default:
      return <p className={classes.nothing}>Panels of the kind {kind} can't be drawn here. They are kept as they are.</p>;
  }
}
