// Go anywhere and do anything by typing some letters of its name.

import { FocusTrap } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { createPortal } from "react-dom";

import { noteRecent, readRecent } from "../../recent";
import { useRegisteredCommands, type Command } from "../../ui/commands";
import { SearchIcon } from "../../ui/icons";
import { Keys } from "../../ui/Keys";
import { useCombobox } from "../../ui/useCombobox";
import { useDialog } from "../../ui/useDialog";
import { useActions, usePages } from "./actions";
import classes from "./Palette.module.css";
import { rank, type Match } from "./rank";
import { useFound } from "./sources";

const most = 60;
const recentList = { name: "commands", most: 8 };

interface Props {
  onClose: () => void;
  onHelp: () => void;
}

export function Palette({ onClose, onHelp }: Props) {
  const dialog = useRef<HTMLDivElement>(null);
  useDialog(dialog, onClose);
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const [recent] = useState(() => readRecent(recentList.name));
  const pages = usePages();
  const registered = useRegisteredCommands();
  const { actions, zones } = useActions(onHelp);
  const { commands: found, failed, loading } = useFound((href) => void navigate({ href }));

  const offered = [...pages, ...registered.map((command) => ({ group: "Action", ...command })), ...actions];
  const all = [...offered, ...found, ...zones];
  const matches = query.trim() === "" ? suggest(recent, all, offered) : rank(query, all, recent, most);

  function run(command: Command) {
    noteRecent(recentList.name, command.id, recentList.most);
    onClose();
    // After the dialog has given the focus back.
    setTimeout(command.run);
  }

  const combobox = useCombobox({ count: matches.length, query, label: "Results", onChoose: (i) => matches[i] && run(matches[i].command) });
  return createPortal(
    <div className={classes.backdrop} onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <FocusTrap active>
        <div ref={dialog} className={classes.palette} role="dialog" aria-modal="true" aria-label="Search and commands">
          <div className={classes.field}>
            <SearchIcon />
            <input {...combobox.input} data-autofocus aria-label="Search for pages, hosts, services, metrics and actions" placeholder="Page, host, service, dashboard, metric, action" value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
            <kbd className={classes.escape}>Esc</kbd>
          </div>
          <p className="visually-hidden" role="status">
            {matches.length === 1 ? "1 result" : `${matches.length} results`}
          </p>
          <div {...combobox.list} className={classes.list}>
            {matches.map((match, i) => (
              <div key={match.command.id} {...combobox.option(i)} className={classes.option}>
                <Label match={match} />
                {match.command.hint && <Hint command={match.command} />}
                <span className={classes.group}>{match.command.group}</span>
              </div>
            ))}
          </div>
          {matches.length === 0 && <p className={classes.note}>{loading ? "Looking for it" : "Nothing has this name. Names of hosts, services and metrics are those of the page's time range."}</p>}
          {failed.length > 0 && <p className={classes.note}>Can't list {failed.join(", ")} now.</p>}
        </div>
      </FocusTrap>
    </div>,
    document.body,
  );
}

/** suggest offers what was used lately, then what there is on every page. */
function suggest(recent: string[], all: Command[], offered: Command[]): Match[] {
  const lately = recent.flatMap((id) => all.find((command) => command.id === id) ?? []);
  return [...lately, ...offered.filter((command) => !lately.includes(command))].map((command) => ({ command, score: 0, marks: [] }));
}

function Hint({ command: { hint = "", group } }: { command: Command }) {
  return group === "Page" || group === "Action" ? <Keys keys={hint} /> : <span className={classes.hint}>{hint}</span>;
}

function Label({ match: { command, marks } }: { match: Match }) {
  if (marks.length === 0) return <span className={classes.label}>{command.label}</span>;
  const marked = new Set(marks);
  const parts: { text: string; mark: boolean }[] = [];
  for (const [i, letter] of [...command.label].entries()) {
    const last = parts.at(-1);
    if (last && last.mark === marked.has(i)) last.text += letter;
    else parts.push({ text: letter, mark: marked.has(i) });
  }
  return <span className={classes.label}>{parts.map(({ text, mark }, i) => (mark ? <mark key={i}>{text}</mark> : text))}</span>;
}
