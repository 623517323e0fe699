// "Add to dashboard": a button for other pages. Its dialog comes when it is asked for.

import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { Unit } from "../format/units";
import { PlusIcon } from "./icons";
import type { PanelKind } from "./document";

/** What another page shows, as a panel to be. */
export interface PanelDraft {
  name: string;
  kind: PanelKind;
  /** In PromQL, or the filter of a log panel. */
  queries: { query: string; format?: string | undefined; language?: "promql" | "logs" }[];
  unit?: Unit | undefined;
  /** How a time series is drawn. */
  display?: "line" | "area" | "stacked" | "bar" | undefined;
  /** The field that a bar chart of log lines counts by. */
  by?: string | undefined;
}

interface Props {
  panel: PanelDraft;
  disabled?: boolean;
}

const Dialog = lazy(() => import("./AddToDashboardDialog"));

export function AddToDashboard({ panel, disabled = false }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button size="xs" h={30} px={10} variant="default" leftSection={<PlusIcon />} disabled={disabled} onClick={() => setOpened(true)}>
        Add to dashboard
      </Button>
      {opened && (
        <Suspense fallback={null}>
          <Dialog panel={panel} onClose={() => setOpened(false)} />
        </Suspense>
      )}
    </>
  );
}
