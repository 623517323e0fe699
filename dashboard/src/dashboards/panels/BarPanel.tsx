// A panel of bars: the largest values of metrics or of a field of logs, or log lines over time.

import { useMemo } from "react";

import { BarList } from "../../chart/BarList";
import type { PanelProps } from "../context";
import { isLogsQuery, panelName } from "../document";
import { unitOfFormat } from "../units";
import { calculate, calculationOf, thresholdsFor } from "./data";
import { FieldBars, LogHistogram } from "./LogBars";
import classes from "./panels.module.css";
import { PanelState } from "./PanelState";
import { formatOf, stringOf, thresholdsOf } from "./spec";
import { useNotice, usePanelSeries } from "./usePanelSeries";

export function BarPanel(props: PanelProps) {
  const { plugin, queries = [] } = props.panel.spec;
  if (!queries.some(isLogsQuery)) return <MetricBars {...props} />;
  return stringOf(plugin.spec, "over") === "values" ? <FieldBars {...props} /> : <LogHistogram {...props} />;
}

function MetricBars({ panel, values, visible, width, onNotice }: PanelProps) {
  const { spec } = panel.spec.plugin;
  const data = usePanelSeries(panel, values, { width, visible, limit: 100 });
  useNotice(data.notice, onNotice);
  const calculation = calculationOf(spec["calculation"]);
  const { series } = data.frame;
  const bars = useMemo(
    () => series.map((one) => ({ key: one.key, label: one.name, value: calculate(one.values, calculation) })).filter((bar) => bar.value !== null),
    [series, calculation],
  );
  const thresholds = useMemo(() => thresholdsFor(thresholdsOf(spec)), [spec]);
  return (
    <PanelState loading={data.loading} error={data.error} empty={bars.length === 0} onRetry={data.refetch} queries={data.asked}>
      <div className={classes.scroll} tabIndex={0} role="group" aria-label={panelName(panel)}>
        <BarList label={panelName(panel)} bars={bars} unit={unitOfFormat(formatOf(spec))} top={50} thresholds={thresholds} />
      </div>
    </PanelState>
  );
}
