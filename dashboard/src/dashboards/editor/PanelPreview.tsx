// The panel as it will be, with live data.

import { useRef, useState } from "react";

import type { Panel } from "../../api/dashboards";
import type { VariableValues } from "../../query/variables";
import type { PanelNotice } from "../context";
import { panelName } from "../document";
import { PanelContent } from "../panels/PanelContent";
import { useSize } from "../useSize";
import classes from "./PanelEditor.module.css";

export function PanelPreview({ panel, values }: { panel: Panel; values: VariableValues | undefined }) {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const [notice, setNotice] = useState<PanelNotice>();
  return (
    <section className={classes.preview} aria-label="Preview">
      <h3>
        {panelName(panel)}
        {notice?.capped && <span className="muted"> {notice.capped}</span>}
      </h3>
      {notice?.problems?.map((problem) => (
        <p key={problem} className={classes.problem}>
          {problem}
        </p>
      ))}
      <div ref={body} className={classes.previewBody}>
        {size && values && <PanelContent panel={panel} values={values} visible width={size.width} height={size.height} onNotice={setNotice} />}
      </div>
    </section>
  );
}
