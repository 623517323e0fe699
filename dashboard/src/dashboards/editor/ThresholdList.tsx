// From which values on a panel changes its colour.

import { ActionIcon, Button, NativeSelect, NumberInput } from "@mantine/core";

import type { Panel } from "../../api/dashboards";
import { BinIcon, PlusIcon } from "../icons";
import { thresholdColours, type ThresholdStep } from "../panels/data";
import { thresholdsOf } from "../panels/spec";
import { setThresholds } from "./edit-panel";
import classes from "./PanelEditor.module.css";

export function ThresholdList({ panel, onChange }: { panel: Panel; onChange: (panel: Panel) => void }) {
  const steps = thresholdsOf(panel.spec.plugin.spec)?.steps ?? [];
  const change = (index: number, changes: Partial<ThresholdStep>) => onChange(setThresholds(panel, steps.map((step, i) => (i === index ? { ...step, ...changes } : step))));
  const largest = Math.max(0, ...steps.map((step) => step.value));
  return (
    <fieldset className={classes.thresholds}>
      <legend>Thresholds</legend>
      {steps.map((step, i) => (
        <div key={i} className={classes.threshold}>
          <NumberInput size="xs" hideControls aria-label={`Threshold ${i + 1} from`} value={step.value} onChange={(value) => typeof value === "number" && change(i, { value })} />
          <NativeSelect
            size="xs"
            aria-label={`Colour of threshold ${i + 1}`}
            value={step.color ?? (i === 0 ? "yellow" : "red")}
            data={[
              ...thresholdColours.map(([value, label]) => ({ value, label })),
              ...(step.color && !thresholdColours.some(([value]) => value === step.color) ? [{ value: step.color, label: step.color }] : []),
            ]}
            onChange={(event) => change(i, { color: event.currentTarget.value })}
          />
          <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Remove threshold ${i + 1}`} onClick={() => onChange(setThresholds(panel, steps.filter((_, k) => k !== i)))}>
            <BinIcon />
          </ActionIcon>
        </div>
      ))}
      <Button size="compact-xs" variant="default" leftSection={<PlusIcon />} onClick={() => onChange(setThresholds(panel, [...steps, { value: steps.length === 0 ? 80 : largest + 10, color: steps.length === 0 ? "yellow" : "red" }]))}>
        Add threshold
      </Button>
    </fieldset>
  );
}
