// Makes a panel, or changes one: how it looks beside what it asks, and what comes of it.

import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import type { Panel } from "../../api/dashboards";
import { Modal } from "../../ui/Modal";
import { useDashboard } from "../context";
import { metricsQuery, newPanel, panelName } from "../document";
import { addPanel, updatePanel } from "../operations";
import type { Draft } from "../useDraft";
import { setKind } from "./edit-panel";
import { KindPicker } from "./KindPicker";
import classes from "./PanelEditor.module.css";
import { PanelPreview } from "./PanelPreview";
import { PanelSettings } from "./PanelSettings";
import { QueryList } from "./QueryList";
import { TextEditor } from "./TextEditor";

interface Props {
  draft: Draft;
  /** The panel to change; without one, a new one is made. */
  panelKey?: string;
  section?: number | undefined;
  onClose: () => void;
}

const fresh = (): Panel => newPanel("TimeSeriesChart", "", [metricsQuery("")], { legend: { position: "bottom", mode: "list" } });

/** How long after the last key the preview follows. */
const pause = 500;

export function PanelEditor({ draft, panelKey, section, onClose }: Props) {
  const existing = panelKey === undefined ? undefined : draft.document.spec.panels[panelKey];
  const { values } = useDashboard();
  const [panel, setPanel] = useState<Panel>(() => existing ?? fresh());
  const [shown] = useDebouncedValue(panel, pause);
  const kind = panel.spec.plugin.kind;

  function apply() {
    if (panelKey !== undefined && existing) draft.change(`Edit “${panelName(panel)}”`, (document) => updatePanel(document, panelKey, panel));
    else draft.change(`Add “${panelName(panel)}”`, (document) => addPanel(document, panel, section === undefined ? {} : { section }).document);
    onClose();
  }

  return (
    <Modal
      title={existing ? `Edit panel “${panelName(existing)}”` : "Add panel"}
      size="full"
      opened
      onClose={onClose}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" onClick={apply}>
            {existing ? "Apply" : "Add panel"}
          </Button>
        </>
      }
    >
      <div className={classes.editor}>
        <div className={classes.main}>
          <PanelPreview panel={shown.spec.plugin.kind === kind ? shown : panel} values={values} />
          {kind === "Markdown" ? <TextEditor panel={panel} onChange={setPanel} /> : <QueryList panel={panel} onChange={setPanel} />}
        </div>
        <div className={classes.side}>
          <KindPicker value={kind} onChange={(next) => setPanel((before) => setKind(before, next))} />
          <PanelSettings panel={panel} onChange={setPanel} />
        </div>
      </div>
    </Modal>
  );
}

