// A panel of single numbers, one for each series.

import { useMemo } from "react";

import { Stat } from "../../chart/Stat";
import type { PanelProps } from "../context";
import { panelName } from "../document";
import { unitOfFormat } from "../units";
import { calculate, calculationOf, thresholdsFor } from "./data";
import classes from "./panels.module.css";
import { PanelState } from "./PanelState";
import { formatOf, has, thresholdsOf } from "./spec";
import { useNotice, usePanelSeries } from "./usePanelSeries";

/** More numbers than that nobody reads. */
const most = 24;

export function StatPanel({ panel, values, visible, width, onNotice }: PanelProps) {
  const { spec } = panel.spec.plugin;
  const data = usePanelSeries(panel, values, { width, visible, limit: most });
  useNotice(data.notice, onNotice);
  const calculation = calculationOf(spec["calculation"]);
  const thresholds = useMemo(() => thresholdsFor(thresholdsOf(spec)), [spec]);
  const unit = unitOfFormat(formatOf(spec));
  const { times, series } = data.frame;
  const several = series.length > 1;
  return (
    <PanelState loading={data.loading} error={data.error} empty={series.length === 0} onRetry={data.refetch} queries={data.asked}>
      <div className={classes.stats} data-several={several}>
        {series.slice(0, most).map((one) => (
          <Stat
            key={one.key}
            label={several ? one.name : panelName(panel)}
            showLabel={several}
            value={calculate(one.values, calculation)}
            unit={unit}
            thresholds={thresholds}
            history={has(spec, "sparkline") ? { times, values: one.values, from: data.from, to: data.to } : undefined}
          />
        ))}
      </div>
    </PanelState>
  );
}
