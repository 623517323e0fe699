// Keeps a uPlot in step with React: another shape makes another chart, everything else is handed
// to the one that is there.

import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { Interaction } from "./interaction";
import { chartOptions, type Current, type Shape } from "./options";

interface Plot {
  shape: Shape;
  current: Current;
  from: number;
  to: number;
  /** The row that stands out; the others are faint. */
  highlight: number | undefined;
  interaction: Interaction;
}

export function usePlot(holder: RefObject<HTMLDivElement | null>, { shape, current, from, to, highlight, interaction }: Plot): void {
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(current);
  useLayoutEffect(() => {
    latest.current = current;
  });

  const signature = JSON.stringify(shape);
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const size = () => ({ width: element.clientWidth || 300, height: element.clientHeight || 132 });
    const options = chartOptions({
      ...(JSON.parse(signature) as Shape),
      ...size(),
      current: () => latest.current,
      onCursor: interaction.follow,
      onSelect: interaction.select,
    });
    const chart = new uPlot(options, latest.current.layout.data, element);
    plot.current = chart;
    const detach = interaction.attach(chart);
    const observer = new ResizeObserver(() => {
      const { width, height } = size();
      if (element.clientWidth > 0 && (width !== chart.width || height !== chart.height)) chart.setSize({ width, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      detach();
      plot.current = undefined;
      chart.destroy();
    };
  }, [signature, holder, interaction]);

  const { layout, min, max, zero, thresholds, annotations } = current;
  useEffect(() => {
    const chart = plot.current;
    if (!chart || layout.data.length !== chart.series.length) return;
    chart.batch(() => {
      chart.setData(layout.data, false);
      chart.setScale("x", { min: from, max: to });
    });
  }, [signature, layout, from, to, min, max, zero, thresholds, annotations]);

  useEffect(() => {
    plot.current?.setSeries(highlight === undefined ? (null as unknown as number) : highlight + 1, { focus: true }, false);
  }, [signature, highlight]);
}
