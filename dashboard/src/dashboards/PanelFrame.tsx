// The frame of a panel: its title, what it has to say of its data, its menu, and the content
// when it is in sight.

import { ActionIcon, Tooltip } from "@mantine/core";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import type { Panel } from "../api/dashboards";
import { interpolate } from "../query/variables";
import { useDashboard, type PanelNotice } from "./context";
import { kindOf, panelName } from "./document";
import { GripIcon, WarnIcon } from "./icons";
import classes from "./PanelFrame.module.css";
import { PanelContent } from "./panels/PanelContent";
import panelClasses from "./panels/panels.module.css";
import { PanelMenu } from "./PanelMenu";
import { useSize } from "./useSize";
import { useVisible } from "./useVisible";

interface Props {
  panelKey: string;
  panel: Panel;
  /** The panel fills the page. */
  alone?: boolean;
}

/** What arrow keys do to a panel that is being arranged: move it, with Shift resize it. */
const arrows: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function PanelFrame({ panelKey, panel, alone = false }: Props) {
  const { values, editing, actions } = useDashboard();
  const frame = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const visible = useVisible(frame);
  const size = useSize(body);
  const [notice, setNotice] = useState<PanelNotice>();
  const name = interpolate(panelName(panel), values ?? {}, "text").text;
  const description = panel.spec.display.description;
  const bare = kindOf(panel)?.kind === "Markdown" && !panel.spec.display.name?.trim() && !editing;

  function press(event: KeyboardEvent) {
    const step = arrows[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    (event.shiftKey ? actions.resize : actions.move)(panelKey, ...step);
  }

  return (
    <section ref={frame} className={classes.panel} aria-label={name} data-panel={panelKey} data-alone={alone} data-bare={bare}>
      <header className={classes.head}>
        {editing && !alone && (
          <button type="button" className={`${classes.grip ?? ""} panel-grip`} onKeyDown={press} aria-label={`Arrange ${name}`} aria-describedby="arrange-help" title="Drag to move. Arrow keys move, with Shift they resize.">
            <GripIcon />
          </button>
        )}
        <h3 className={classes.title} title={name}>
          {name}
        </h3>
        {description && <Hint text={description} label="About this panel" mark="i" />}
        {notice?.problems && notice.problems.length > 0 && <Hint text={notice.problems.join("\n")} label={`Warnings: ${notice.problems.join(" ")}`} mark={<WarnIcon />} warn />}
        {notice?.capped && (
          <button type="button" className={classes.capped} onClick={notice.more} title="Only the largest are shown. Show more.">
            {notice.capped}
          </button>
        )}
        <span className={classes.busy} data-busy={notice?.fetching ?? false} aria-hidden="true" />
        <PanelMenu panelKey={panelKey} panel={panel} alone={alone} />
      </header>
      <div ref={body} className={classes.body}>
        {values && size ? (
          <PanelContent panel={panel} values={values} visible={visible} width={size.width} height={size.height} onNotice={setNotice} />
        ) : (
          <div className={panelClasses.waiting} role="status" aria-label="Loading" />
        )}
      </div>
    </section>
  );
}

function Hint({ text, label, mark, warn = false }: { text: string; label: string; mark: ReactNode; warn?: boolean }) {
  return (
    <Tooltip label={text} multiline maw={360} openDelay={150} events={{ hover: true, focus: true, touch: true }}>
      <ActionIcon variant="subtle" color="gray" size={20} className={warn ? (classes.warn ?? "") : (classes.info ?? "")} aria-label={label}>
        {mark}
      </ActionIcon>
    </Tooltip>
  );
}
