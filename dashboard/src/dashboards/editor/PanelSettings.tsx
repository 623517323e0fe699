// The settings of a panel that go with its kind.

import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from "@mantine/core";
import "@mantine/core/styles/NumberInput.css";

import type { Panel } from "../../api/dashboards";
import { unitNames, type Unit } from "../../format/units";
import { isLogsQuery } from "../document";
import { calculationOf, calculations, type Calculation } from "../panels/data";
import { has, numberOf, objectOf, stringOf, timeSeriesSettings, type Drawing, type LegendMode } from "../panels/spec";
import { setAxis, setCalculation, setDisplay, setDrawing, setLegend, setSpec, setUnit, unitOf } from "./edit-panel";
import classes from "./PanelEditor.module.css";
import { ThresholdList } from "./ThresholdList";

interface Props {
  panel: Panel;
  onChange: (panel: Panel) => void;
}

const options = (pairs: readonly (readonly [string, string])[]) => pairs.map(([value, label]) => ({ value, label }));
const numeric = (value: string | number) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

export function PanelSettings({ panel, onChange }: Props) {
  const kind = panel.spec.plugin.kind;
  const { name = "", description = "" } = panel.spec.display;
  const ofLogs = (panel.spec.queries ?? []).some(isLogsQuery);
  return (
    <div className={classes.settings}>
      <TextInput size="xs" label="Title" value={name} onChange={(event) => onChange(setDisplay(panel, { name: event.currentTarget.value }))} />
      <Textarea size="xs" label="Description" autosize={false} rows={2} value={description} onChange={(event) => onChange(setDisplay(panel, { description: event.currentTarget.value }))} />
      {kind !== "Markdown" && !ofLogs && (
        <NativeSelect size="xs" label="Unit" value={unitOf(panel)} data={options(unitNames)} onChange={(event) => onChange(setUnit(panel, event.currentTarget.value as Unit))} />
      )}
      {kind === "TimeSeriesChart" && <TimeSeriesFields panel={panel} onChange={onChange} />}
      {(kind === "StatChart" || kind === "GaugeChart" || (kind === "BarChart" && !ofLogs)) && <ValueFields panel={panel} onChange={onChange} />}
      {ofLogs && kind === "BarChart" && <LogBarFields panel={panel} onChange={onChange} />}
      {kind === "LogsTable" && <LogFields panel={panel} onChange={onChange} />}
      {(kind === "TimeSeriesChart" || kind === "StatChart" || kind === "GaugeChart") && <ThresholdList panel={panel} onChange={onChange} />}
    </div>
  );
}

function TimeSeriesFields({ panel, onChange }: Props) {
  const { drawing, legend, legendRight, min, max, log } = timeSeriesSettings(panel);
  const drawings: [Drawing, string][] = [
    ["line", "Lines"],
    ["area", "Areas"],
    ["stacked", "Stacked areas"],
    ["bar", "Bars"],
  ];
  const legends: [string, string][] = [
    ["list", "List below"],
    ["table", "Table below"],
    ["right", "Table on the right"],
    ["none", "None"],
  ];
  const placed = (value: string) => {
    const next = setLegend(panel, (value === "right" ? "table" : value) as LegendMode);
    return value === "none" ? next : setSpec(next, { legend: { ...objectOf(next.spec.plugin.spec, "legend"), position: value === "right" ? "right" : "bottom" } });
  };
  return (
    <>
      <div className={classes.pair}>
        <NativeSelect size="xs" label="Drawn as" value={drawing} data={options(drawings)} onChange={(event) => onChange(setDrawing(panel, event.currentTarget.value as Drawing))} />
        <NativeSelect size="xs" label="Legend" value={legendRight ? "right" : legend} data={options(legends)} onChange={(event) => onChange(placed(event.currentTarget.value))} />
      </div>
      <div className={classes.pair}>
        <NumberInput size="xs" hideControls label="Axis from" placeholder="auto" value={min ?? ""} onChange={(value) => onChange(setAxis(panel, { min: numeric(value) }))} />
        <NumberInput size="xs" hideControls label="Axis to" placeholder="auto" value={max ?? ""} onChange={(value) => onChange(setAxis(panel, { max: numeric(value) }))} />
      </div>
      <Checkbox size="xs" label="Logarithmic axis" checked={log} onChange={(event) => onChange(setAxis(panel, { logBase: event.currentTarget.checked ? 10 : undefined }))} />
    </>
  );
}

function ValueFields({ panel, onChange }: Props) {
  const { kind, spec } = panel.spec.plugin;
  return (
    <>
      <NativeSelect
        size="xs"
        label="Value of a series"
        value={calculationOf(spec["calculation"])}
        data={options(calculations)}
        onChange={(event) => onChange(setCalculation(panel, event.currentTarget.value as Calculation))}
      />
      {kind === "StatChart" && (
        <Checkbox size="xs" label="With a line of its course" checked={has(spec, "sparkline")} onChange={(event) => onChange(setSpec(panel, { sparkline: event.currentTarget.checked ? {} : undefined }))} />
      )}
      {kind === "GaugeChart" && <NumberInput size="xs" hideControls label="Largest value" placeholder="100" value={numberOf(spec, "max") ?? ""} onChange={(value) => onChange(setSpec(panel, { max: numeric(value) }))} />}
    </>
  );
}

function LogBarFields({ panel, onChange }: Props) {
  const { spec } = panel.spec.plugin;
  return (
    <>
      <NativeSelect
        size="xs"
        label="Lines are counted"
        value={stringOf(spec, "over") || "time"}
        data={[
          { value: "time", label: "Over time" },
          { value: "values", label: "By the most frequent values" },
        ]}
        onChange={(event) => onChange(setSpec(panel, { over: event.currentTarget.value }))}
      />
      <TextInput size="xs" label="By the field" placeholder="level" value={stringOf(spec, "by")} onChange={(event) => onChange(setSpec(panel, { by: event.currentTarget.value || undefined }))} />
    </>
  );
}

function LogFields({ panel, onChange }: Props) {
  const { spec } = panel.spec.plugin;
  return (
    <>
      <Checkbox size="xs" label="Wrap long lines" checked={spec["allowWrap"] === true} onChange={(event) => onChange(setSpec(panel, { allowWrap: event.currentTarget.checked ? true : undefined }))} />
      <Checkbox size="xs" label="Hide the service" checked={stringOf(spec, "service") === "hidden"} onChange={(event) => onChange(setSpec(panel, { service: event.currentTarget.checked ? "hidden" : undefined }))} />
    </>
  );
}
