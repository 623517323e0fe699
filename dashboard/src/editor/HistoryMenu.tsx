// The queries that were run last, to take one again.

import { ActionIcon, Menu } from "@mantine/core";
import { useState } from "react";

import { ClockIcon } from "../ui/icons";
import { forgetHistory, readHistory } from "./history";
import classes from "./QueryEditor.module.css";

const shown = 15;

interface Props {
  kind: string;
  onPick: (query: string) => void;
}

export function HistoryMenu({ kind, onPick }: Props) {
  const [entries, setEntries] = useState<string[]>([]);
  return (
    <Menu position="bottom-end" width={440} shadow="md" onOpen={() => setEntries(readHistory(kind).slice(0, shown))}>
      <Menu.Target>
        <ActionIcon className={classes.historyButton} variant="subtle" color="gray" size={26} aria-label="Recent queries" title="Recent queries (Alt+↑, Alt+↓)">
          <ClockIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {entries.length === 0 && <Menu.Label>Queries that you run are listed here</Menu.Label>}
        {entries.map((entry) => (
          <Menu.Item key={entry} onClick={() => onPick(entry)}>
            <span className={classes.historyItem} title={entry}>
              {entry}
            </span>
          </Menu.Item>
        ))}
        {entries.length > 0 && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => forgetHistory(kind)}>Clear the list</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
