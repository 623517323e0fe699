// What can be done with a panel.

import { ActionIcon, Menu } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";

import type { Panel } from "../api/dashboards";
import { logsLink, metricsLink } from "../links";
import { builtins, interpolate } from "../query/variables";
import { usePageTime } from "../time/context";
import { stepFor } from "../time/range";
import { copyText } from "../ui/CopyButton";
import { asJSON } from "./actions";
import { useDashboard } from "./context";
import { isLogsQuery, panelName, sectionTitle, textOf } from "./document";
import { DotsIcon } from "./icons";
import { placeOf } from "./operations";
import classes from "./PanelFrame.module.css";
import { useSpan } from "./panels/usePanelSeries";

interface Props {
  panelKey: string;
  panel: Panel;
  alone: boolean;
}

export function PanelMenu({ panelKey, panel, alone }: Props) {
  const { editing, changeable, actions } = useDashboard();
  const [copied, setCopied] = useState(false);
  const name = panelName(panel);
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false} onClose={() => setCopied(false)}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={22} className={classes.menu ?? ""} aria-label={`Menu of ${name}`}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {!alone && <Menu.Item onClick={() => actions.viewAlone(panelKey)}>View alone</Menu.Item>}
        {changeable && <Menu.Item onClick={() => actions.edit(panelKey)}>Edit</Menu.Item>}
        <Explore panel={panel} />
        {changeable && !alone && <Menu.Item onClick={() => actions.duplicate(panelKey)}>Duplicate</Menu.Item>}
        <Menu.Item closeMenuOnClick={false} onClick={() => void copyText(asJSON(panel)).then(setCopied)}>
          {copied ? "Copied" : "Copy as JSON"}
        </Menu.Item>
        {editing && !alone && <Arrange panelKey={panelKey} />}
        {changeable && !alone && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => actions.remove(panelKey)}>Delete</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Explore leads to the page where the panel's queries can be taken apart, with the same time. */
function Explore({ panel }: { panel: Panel }) {
  const { values = {} } = useDashboard();
  const { range } = usePageTime();
  const { from, to } = useSpan();
  const router = useRouter();
  const queries = panel.spec.queries ?? [];
  const metrics = queries.filter((query) => !isLogsQuery(query) && textOf(query).trim() !== "");
  const logs = queries.find(isLogsQuery);
  const all = { ...values, ...builtins(stepFor((to - from) * 1000, 640), from, to) };
  return (
    <>
      {metrics.length > 0 && (
        <Menu.Item onClick={() => router.history.push(metricsLink(metrics.map((query) => interpolate(textOf(query), all).text), range))}>Explore in Metrics</Menu.Item>
      )}
      {logs && <Menu.Item onClick={() => router.history.push(logsLink(interpolate(textOf(logs), all, "logs").text, range))}>Explore in Logs</Menu.Item>}
    </>
  );
}

const moves: readonly (readonly [string, number, number])[] = [
  ["Move left", -1, 0],
  ["Move right", 1, 0],
  ["Move up", 0, -1],
  ["Move down", 0, 1],
];
const sizes: readonly (readonly [string, number, number])[] = [
  ["Narrower", -1, 0],
  ["Wider", 1, 0],
  ["Lower", 0, -1],
  ["Higher", 0, 1],
];

function Arrange({ panelKey }: { panelKey: string }) {
  const { document, actions } = useDashboard();
  const here = placeOf(document, panelKey)?.section;
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Arrange</Menu.Label>
      {moves.map(([label, dx, dy]) => (
        <Menu.Item key={label} closeMenuOnClick={false} onClick={() => actions.move(panelKey, dx, dy)}>
          {label}
        </Menu.Item>
      ))}
      {sizes.map(([label, dw, dh]) => (
        <Menu.Item key={label} closeMenuOnClick={false} onClick={() => actions.resize(panelKey, dw, dh)}>
          {label}
        </Menu.Item>
      ))}
      {document.spec.layouts.map((section, i) =>
        i === here ? null : (
          <Menu.Item key={i} onClick={() => actions.toSection(panelKey, i)}>
            To section “{sectionTitle(section) || `${i + 1}`}”
          </Menu.Item>
        ),
      )}
    </>
  );
}
