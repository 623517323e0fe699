// A panel of values over time.

import { useMemo } from "react";

import { TimeChart } from "../../chart/TimeChart";
import { useColours } from "../../overview/useColours";
import { useZoom } from "../../overview/useZoom";
import type { PanelProps } from "../context";
import { panelName } from "../document";
import { PanelState } from "./PanelState";
import { timeSeriesSettings } from "./spec";
import { useNotice, usePanelSeries } from "./usePanelSeries";

/** What the legend under the chart takes. */
const legendHeight = 24;

export function TimeSeriesPanel({ panel, values, visible, width, height, onNotice }: PanelProps) {
  const settings = useMemo(() => timeSeriesSettings(panel), [panel]);
  const data = usePanelSeries(panel, values, { width, visible });
  useNotice(data.notice, onNotice);
  const colour = useColours();
  const zoom = useZoom();
  const series = useMemo(() => data.frame.series.map((one, i) => ({ key: one.key, label: one.name, colour: colour(i), values: one.values })), [data.frame, colour]);
  return (
    <PanelState loading={data.loading} error={data.error} empty={series.length === 0} onRetry={data.refetch} queries={panel.spec.queries?.length ?? 0}>
      <TimeChart
        label={panelName(panel)}
        frame={data.frame}
        series={series}
        unit={settings.unit}
        from={data.from}
        to={data.to}
        stacked={settings.drawing === "stacked"}
        max={settings.max}
        height={Math.max(60, height - legendHeight)}
        loading={data.loading}
        onZoom={zoom}
      />
    </PanelState>
  );
}
