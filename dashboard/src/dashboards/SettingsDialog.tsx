// What a dashboard is called, the time that it opens with, and its variables.

import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { DashboardSpec, Variable } from "../api/dashboards";
import { duration, parseDuration } from "../query/variables";
import { Modal } from "../ui/Modal";
import classes from "./dialogs.module.css";
import { withSpec } from "./operations";
import type { Draft } from "./useDraft";
import { variableFaults, VariableList } from "./VariableList";

const spans: readonly (readonly [string, string])[] = [
  ["5m", "Last 5 minutes"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["1d", "Last 24 hours"],
  ["7d", "Last 7 days"],
];
const refreshes: readonly (readonly [string, string])[] = [
  ["0s", "Live, where it can be"],
  ["5s", "Every 5 seconds"],
  ["10s", "Every 10 seconds"],
  ["30s", "Every 30 seconds"],
  ["1m", "Every minute"],
  ["5m", "Every 5 minutes"],
];

/** choices adds what the document says to a list that doesn't have it. */
function choices(list: readonly (readonly [string, string])[], value: string): { value: string; label: string }[] {
  const known = list.some(([one]) => one === value);
  return [...list.map(([one, label]) => ({ value: one, label })), ...(known ? [] : [{ value, label: value }])];
}

/** written writes a duration in its shortest form, so that 24h and 1d are the same choice. */
const written = (text: string | undefined, otherwise: string) => {
  const seconds = parseDuration(text);
  return seconds === undefined ? otherwise : duration(Math.round(seconds));
};

/** tagsOf reads tags that are typed with commas. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""))];
}

export function SettingsDialog({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const [spec, setSpec] = useState<DashboardSpec>(draft.document.spec);
  const [tags, setTags] = useState((spec.tags ?? []).join(", "));
  const [tried, setTried] = useState(false);
  const variables = spec.variables ?? [];
  const set = (changes: Partial<DashboardSpec>) => setSpec((before) => ({ ...before, ...changes }));
  const noName = spec.display.name.trim() === "";

  function apply() {
    setTried(true);
    if (noName || variableFaults(variables).size > 0) return;
    const { display, duration: span, refreshInterval } = spec;
    draft.change("Change settings", (document) =>
      withSpec(document, { display: { ...display, name: display.name.trim() }, tags: tagsOf(tags), variables, ...(span ? { duration: span } : {}), ...(refreshInterval ? { refreshInterval } : {}) }),
    );
    onClose();
  }

  return (
    <Modal
      title="Dashboard settings"
      size="large"
      opened
      onClose={onClose}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" onClick={apply}>
            Apply
          </Button>
        </>
      }
    >
      <div className={classes.fields}>
        <div className={classes.row}>
          <TextInput size="xs" label="Name" data-autofocus value={spec.display.name} error={tried && noName ? "A dashboard needs a name" : undefined} onChange={(event) => set({ display: { ...spec.display, name: event.currentTarget.value } })} />
          <TextInput size="xs" label="Tags, with commas" placeholder="checkout, slo" value={tags} onChange={(event) => setTags(event.currentTarget.value)} />
        </div>
        <Textarea size="xs" label="Description" rows={2} value={spec.display.description ?? ""} onChange={(event) => set({ display: { ...spec.display, description: event.currentTarget.value } })} />
        <div className={classes.row}>
          <NativeSelect size="xs" label="Opens with" value={written(spec.duration, "1h")} data={choices(spans, written(spec.duration, "1h"))} onChange={(event) => set({ duration: event.currentTarget.value })} />
          <NativeSelect size="xs" label="Refreshed" value={written(spec.refreshInterval, "0s")} data={choices(refreshes, written(spec.refreshInterval, "0s"))} onChange={(event) => set({ refreshInterval: event.currentTarget.value })} />
        </div>
        <VariableList variables={variables} tried={tried} onChange={(next: Variable[]) => set({ variables: next })} />
      </div>
    </Modal>
  );
}
