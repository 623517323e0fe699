// One panel that fills the page; Escape leads back.

import { Button } from "@mantine/core";

import type { Panel } from "../api/dashboards";
import { useShortcut } from "../ui/shortcuts";
import { useChangeSearch } from "../useChangeSearch";
import classes from "./DashboardView.module.css";
import { PanelFrame } from "./PanelFrame";
import { panelChange } from "./search";

export function AlonePanel({ panelKey, panel }: { panelKey: string; panel: Panel }) {
  const change = useChangeSearch();
  const back = () => change(panelChange(undefined));
  useShortcut("Escape", "Back to all panels", back, { group: "Dashboard" });
  return (
    <>
      <div>
        <Button size="compact-xs" variant="default" onClick={back}>
          Show all panels
        </Button>
      </div>
      <div className={classes.alone}>
        <PanelFrame panelKey={panelKey} panel={panel} alone />
      </div>
    </>
  );
}
