// Chooses and orders the columns between the service and the message.

import { ActionIcon, Button, Popover } from "@mantine/core";
import { useState } from "react";

import { ChevronIcon } from "../ui/icons";
import classes from "./Menus.module.css";

interface Props {
  columns: readonly string[];
  names: readonly string[];
  onChange: (columns: string[]) => void;
}

export function ColumnsMenu({ columns, names, onChange }: Props) {
  const [wanted, setWanted] = useState("");
  const text = wanted.trim();
  const others = ["level", "instance_id", "trace_id", ...names].filter((name, i, all) => all.indexOf(name) === i && name !== "service" && !columns.includes(name) && name.toLowerCase().includes(text.toLowerCase()));

  function move(at: number, by: number) {
    const next = [...columns];
    const [moved] = next.splice(at, 1);
    if (moved !== undefined) next.splice(at + by, 0, moved);
    onChange(next);
  }

  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="default" rightSection={<ChevronIcon />}>
          Columns{columns.length > 0 ? ` (${columns.length})` : ""}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown ?? ""} aria-label="Columns">
        {columns.length > 0 && (
          <ol className={classes.chosen} aria-label="Shown columns">
            {columns.map((name, i) => (
              <li key={name}>
                <span title={name}>{name}</span>
                <ActionIcon size={20} variant="subtle" color="gray" disabled={i === 0} aria-label={`Move ${name} to the left`} onClick={() => move(i, -1)}>
                  ←
                </ActionIcon>
                <ActionIcon size={20} variant="subtle" color="gray" disabled={i === columns.length - 1} aria-label={`Move ${name} to the right`} onClick={() => move(i, 1)}>
                  →
                </ActionIcon>
                <ActionIcon size={20} variant="subtle" color="gray" aria-label={`Remove ${name}`} onClick={() => onChange(columns.filter((other) => other !== name))}>
                  ×
                </ActionIcon>
              </li>
            ))}
          </ol>
        )}
        <input
          className={classes.input}
          type="search"
          placeholder="Add a field"
          aria-label="Add a field"
          data-autofocus
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || text === "") return;
            event.preventDefault();
            onChange([...columns, others[0] ?? text]);
            setWanted("");
          }}
        />
        <ul className={classes.choices} aria-label="Fields">
          {others.slice(0, 60).map((name) => (
            <li key={name}>
              <button type="button" onClick={() => onChange([...columns, name])} title={name}>
                {name}
              </button>
            </li>
          ))}
        </ul>
        {others.length === 0 && <p className={classes.note}>{text === "" ? "All known fields are shown" : `Enter adds ${text}`}</p>}
      </Popover.Dropdown>
    </Popover>
  );
}
