// A panel that shows how much of a limit is used.

import { useMemo } from "react";

import { Gauge } from "../../chart/Gauge";
import type { PanelProps } from "../context";
import { panelName } from "../document";
import { unitOfFormat } from "../units";
import { calculate, calculationOf, thresholdsFor } from "./data";
import classes from "./panels.module.css";
import { PanelState } from "./PanelState";
import { formatOf, numberOf, thresholdsOf } from "./spec";
import { useNotice, usePanelSeries } from "./usePanelSeries";

const most = 12;

export function GaugePanel({ panel, values, visible, width, onNotice }: PanelProps) {
  const { spec } = panel.spec.plugin;
  const data = usePanelSeries(panel, values, { width, visible, limit: most });
  useNotice(data.notice, onNotice);
  const calculation = calculationOf(spec["calculation"]);
  const unit = unitOfFormat(formatOf(spec));
  const { series } = data.frame;
  const numbers = series.map((one) => calculate(one.values, calculation));
  const max = numberOf(spec, "max") ?? (unit === "ratio" ? 1 : unit === "percent" ? 100 : Math.max(1, ...numbers.map((value) => value ?? 0)));
  const thresholds = useMemo(() => thresholdsFor(thresholdsOf(spec), max), [spec, max]);
  const several = series.length > 1;
  return (
    <PanelState loading={data.loading} error={data.error} empty={series.length === 0} onRetry={data.refetch} queries={data.asked}>
      <div className={classes.gauges} data-several={several}>
        {series.slice(0, most).map((one, i) => (
          <Gauge key={one.key} label={several ? one.name : panelName(panel)} showLabel={several} value={numbers[i] ?? null} unit={unit} min={numberOf(spec, "min") ?? 0} max={max} thresholds={thresholds} />
        ))}
      </div>
    </PanelState>
  );
}
