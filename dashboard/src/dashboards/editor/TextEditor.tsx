// The text of a text panel.

import { Textarea } from "@mantine/core";

import type { Panel } from "../../api/dashboards";
import { stringOf } from "../panels/spec";
import { setSpec } from "./edit-panel";
import classes from "./PanelEditor.module.css";

export function TextEditor({ panel, onChange }: { panel: Panel; onChange: (panel: Panel) => void }) {
  return (
    <Textarea
      className={classes.text ?? ""}
      size="xs"
      label="Text in Markdown"
      description="Headings, lists, tables, links. Variables such as $host are filled in."
      rows={9}
      value={stringOf(panel.spec.plugin.spec, "text")}
      onChange={(event) => onChange(setSpec(panel, { text: event.currentTarget.value }))}
    />
  );
}
