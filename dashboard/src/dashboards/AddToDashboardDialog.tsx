// Puts what another page shows on a dashboard: one that there is, or a new one.

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ApiError } from "../api/client";
import { dashboardsQuery, getDashboard, saveDashboard, type DashboardDocument, type Panel } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { Modal } from "../ui/Modal";
import { useDashboardActions } from "./actions";
import type { PanelDraft } from "./AddToDashboard";
import classes from "./dialogs.module.css";
import { logsQuery, metricsQuery, newDocument, newPanel } from "./document";
import { addPanel, tidy } from "./operations";
import { formatOfUnit } from "./units";

/** panelOf makes a panel of what another page describes. */
export function panelOf(draft: PanelDraft): Panel {
  const queries = draft.queries.map(({ query, format, language }) =>
    (language ?? (draft.kind === "LogsTable" ? "logs" : "promql")) === "logs" ? logsQuery(query) : metricsQuery(query, format ? { seriesNameFormat: format } : {}),
  );
  return newPanel(draft.kind, draft.name.trim() || "Panel", queries, specOf(draft));
}

function specOf({ kind, unit, display, by }: PanelDraft): Record<string, unknown> {
  const format = unit ? { format: formatOfUnit(unit) } : {};
  if (kind === "BarChart" && by) return { ...format, by };
  if (kind !== "TimeSeriesChart") return kind === "LogsTable" || kind === "Markdown" ? {} : format;
  const visual = {
    ...(display === "bar" ? { display: "bar" } : {}),
    ...(display === "area" || display === "stacked" ? { areaOpacity: 0.5 } : {}),
    ...(display === "stacked" ? { stack: "all" } : {}),
  };
  return { legend: { position: "bottom", mode: "list" }, ...(unit ? { yAxis: format } : {}), ...(display && display !== "line" ? { visual } : {}) };
}

/** add saves the panel onto the newest version; once more when somebody saves at the same moment. */
async function add(id: string, panel: Panel, tries = 2): Promise<DashboardDocument> {
  try {
    return await saveDashboard(addPanel(tidy(await getDashboard(id)), panel).document, `Add "${panel.spec.display.name}"`);
  } catch (error) {
    if (tries > 1 && error instanceof ApiError && error.status === 409) return add(id, panel, tries - 1);
    throw error;
  }
}

const fresh = "";

export default function AddToDashboardDialog({ panel: draft, onClose }: { panel: PanelDraft; onClose: () => void }) {
  const { keep, create, open } = useDashboardActions();
  const list = useQuery(dashboardsQuery);
  const own = (list.data ?? []).filter((one) => !one.builtin).toSorted((a, b) => a.name.localeCompare(b.name));
  const [choice, setChoice] = useState<string>();
  const [title, setTitle] = useState("");
  const [name, setName] = useState(draft.name);
  const target = choice ?? own[0]?.id ?? fresh;

  const saving = useMutation({
    mutationFn: async () => {
      const panel = panelOf({ ...draft, name });
      if (target === fresh) return create(addPanel(newDocument(title.trim() || "New dashboard"), panel).document);
      return keep(await add(target, panel));
    },
  });

  if (saving.data) {
    const { metadata, spec } = saving.data;
    return (
      <Modal
        title="Added to the dashboard"
        opened
        onClose={onClose}
        footer={
          <>
            <Button size="xs" variant="default" onClick={onClose}>
              Stay here
            </Button>
            <Button size="xs" data-autofocus onClick={() => open(metadata.name)}>
              Open dashboard
            </Button>
          </>
        }
      >
        <p>
          “{name.trim() || "Panel"}” is on <strong>{spec.display.name}</strong>.
        </p>
      </Modal>
    );
  }

  return (
    <Modal
      title="Add to dashboard"
      opened
      onClose={onClose}
      onSubmit={() => saving.mutate()}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={saving.isPending} disabled={list.isPending}>
            Add panel
          </Button>
        </>
      }
    >
      {list.isPending ? (
        <Loading rows={3} />
      ) : (
        <div className={classes.fields}>
          {list.error && <Failure error={list.error} title="The dashboards can't be listed" onRetry={() => void list.refetch()} />}
          <NativeSelect
            size="xs"
            label="Dashboard"
            value={target}
            onChange={(event) => setChoice(event.currentTarget.value)}
            data={[...own.map((one) => ({ value: one.id, label: one.name })), { value: fresh, label: "New dashboard" }]}
          />
          {target === fresh && <TextInput size="xs" label="Name of the new dashboard" placeholder="New dashboard" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />}
          <TextInput size="xs" label="Title of the panel" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {saving.error && <Failure error={saving.error} title="The panel was not added" />}
        </div>
      )}
    </Modal>
  );
}
