// A panel of values over time.

import { useMemo } from "react";

import { useLegend } from "../../chart/legend";
import { LegendTable } from "../../chart/LegendTable";
import { useSeriesStyles } from "../../chart/styles";
import { TimeChart } from "../../chart/TimeChart";
import { useZoom } from "../../time/useZoom";
import type { PanelProps } from "../context";
import { panelName } from "../document";
import { thresholdsFor } from "./data";
import classes from "./panels.module.css";
import { PanelState } from "./PanelState";
import { timeSeriesSettings } from "./spec";
import { useNotice, usePanelSeries } from "./usePanelSeries";

/** What an entry of a list under the chart takes, about, and the part of the panel that it may take. */
const entryWidth = 130;
const entryHeight = 17;
const listShare = 0.26;
/** hasRoom says whether a list of so many entries leaves the chart its place. */
function hasRoom(entries: number, width: number, height: number): boolean {
  const lines = Math.max(1, Math.floor((height * listShare) / entryHeight));
  return entries <= Math.max(1, Math.floor(width / entryWidth)) * lines;
}

/** A legend on the right needs this much width, or it goes below. */
const widthForRight = 460;

export function TimeSeriesPanel({ panel, values, visible, width, height, onNotice }: PanelProps) {
  const settings = useMemo(() => timeSeriesSettings(panel), [panel]);
  const data = usePanelSeries(panel, values, { width, visible });
  useNotice(data.notice, onNotice);
  const keys = data.frame.series.map((one) => one.key);
  const styleOf = useSeriesStyles(keys);
  const legend = useLegend(keys);
  const zoom = useZoom();
  const series = useMemo(() => data.frame.series.map((one) => ({ key: one.key, label: one.name, ...styleOf(one.key), values: one.values })), [data.frame, styleOf]);
  const thresholds = useMemo(() => thresholdsFor(settings.thresholds, settings.max), [settings]);
  const name = panelName(panel);
  const right = settings.legendRight && settings.legend !== "none" && width >= widthForRight;
  const listed = settings.legend === "list" && !right && height > 90 && hasRoom(series.length, width, height);
  // A list that is too long becomes a table, which scrolls.
  const table = !right && settings.legend !== "none" && !listed && height > 160;
  return (
    <PanelState loading={data.loading} error={data.error} empty={series.length === 0} onRetry={data.refetch} queries={data.asked}>
      <div className={classes.chartAndLegend} data-right={right}>
        <div className={classes.chart} data-list={listed}>
          <TimeChart
            label={name}
            frame={data.frame}
            series={series}
            unit={settings.unit}
            from={data.from}
            to={data.to}
            kind={settings.drawing === "stacked" ? "stacked" : settings.drawing}
            log={settings.log}
            min={settings.min}
            max={settings.max}
            thresholds={thresholds}
            height="fill"
            legend={listed ? "compact" : "none"}
            hidden={legend.hidden}
            highlight={legend.highlight}
            loading={data.loading}
            onZoom={zoom}
          />
        </div>
        {(table || right) && (
          <div className={classes.legend}>
            <LegendTable label={`Series of ${name}`} series={series} unit={settings.unit} legend={legend} columns={right ? ["last", "max"] : ["last", "min", "max", "avg"]} />
          </div>
        )}
      </div>
    </PanelState>
  );
}
