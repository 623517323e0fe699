// The queries of the page, one row each: shown or not, in the builder or as PromQL, with the
// names of its series.

import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { useState, type Ref } from "react";

import { loadPromql } from "../editor/languages";
import { QueryEditor, type EditorHandle } from "../editor/QueryEditor";
import { PlayIcon } from "../ui/icons";
import { Builder } from "./builder/Builder";
import { DotsIcon, EyeIcon, EyeOffIcon, PlusIcon } from "./icons";
import classes from "./QueryList.module.css";
import { letterOf, mostQueries, type QueryEntry } from "./search";
import type { Catalogue } from "./useCatalogue";
import type { MetricsPageState } from "./useMetricsPage";
import type { QueryResult } from "./useResults";

interface Props {
  page: MetricsPageState;
  results: readonly QueryResult[];
  catalogue: Catalogue;
  /** The first query's editor, for the key that goes there. */
  first: Ref<EditorHandle>;
}

export function QueryList({ page, results, catalogue, first }: Props) {
  return (
    <section className={classes.list} aria-label="Queries">
      {page.queries.map((entry, i) => (
        <QueryRow key={i} index={i} entry={entry} page={page} result={results[i]} catalogue={catalogue} editor={i === 0 ? first : undefined} />
      ))}
      <div className={classes.actions}>
        <Button size="xs" h={28} variant="default" leftSection={<PlusIcon />} disabled={page.queries.length >= mostQueries} onClick={page.add}>
          Add query
        </Button>
        <Button size="xs" h={28} variant={page.dirty ? "filled" : "default"} leftSection={<PlayIcon />} onClick={() => page.run()} title="Run all queries (Enter in a query, or Ctrl+Enter)">
          Run
        </Button>
        {page.dirty && (
          <span className="muted" role="status">
            Not run yet
          </span>
        )}
      </div>
    </section>
  );
}

interface RowProps {
  index: number;
  entry: QueryEntry;
  page: MetricsPageState;
  result: QueryResult | undefined;
  catalogue: Catalogue;
  editor: Ref<EditorHandle> | undefined;
}

function QueryRow({ index, entry, page, result, catalogue, editor }: RowProps) {
  const letter = letterOf(index);
  const name = `Query ${letter}`;
  const text = page.drafts[index] ?? "";
  const shown = !entry.hidden;
  const fault = text === entry.text ? result?.fault : undefined;
  return (
    <div className={classes.row} role="group" aria-label={name} data-hidden={entry.hidden}>
      <button type="button" className={classes.letter} aria-pressed={shown} aria-label={`Show query ${letter}`} title={shown ? "Shown; click to hide" : "Hidden; click to show"} onClick={() => page.change(index, { hidden: shown })}>
        {letter}
        {shown ? <EyeIcon /> : <EyeOffIcon />}
      </button>
      <div className={classes.main}>
        {entry.builder ? (
          <Builder
            name={name}
            text={text}
            catalogue={catalogue}
            service={page.service}
            onBuilt={(built) => page.run(index, built)}
            onEdit={() => page.change(index, { builder: false })}
          />
        ) : (
          <QueryEditor
            value={text}
            onChange={(next) => page.setDraft(index, next)}
            onRun={(next) => page.run(index, next)}
            language={loadPromql}
            label={name}
            placeholder="PromQL, such as sum(rate(requests_total[5m]))"
            history="promql"
            error={fault}
            {...(editor ? { ref: editor } : {})}
          />
        )}
        {entry.builder && fault && (
          <p className={classes.fault} role="alert">
            {fault.message}
          </p>
        )}
        {result?.warnings.map((warning) => (
          <p key={warning} className={classes.warning}>
            {warning}
          </p>
        ))}
      </div>
      <div className={classes.side}>
        <LegendInput name={name} value={entry.legend} onChange={(legend) => page.change(index, { legend })} />
        <Button size="xs" h={30} px={8} variant="default" onClick={() => page.change(index, { builder: !entry.builder })} title={entry.builder ? "Write this query as PromQL" : "Build this query from choices"}>
          {entry.builder ? "Edit PromQL" : "Builder"}
        </Button>
        <RowMenu index={index} letter={letter} page={page} />
      </div>
    </div>
  );
}

/** LegendInput takes a format when it is left or Enter is pressed. */
function LegendInput({ name, value, onChange }: { name: string; value: string; onChange: (legend: string) => void }) {
  const [typed, setTyped] = useState<string>();
  const finish = () => {
    if (typed !== undefined && typed !== value) onChange(typed.trim());
    setTyped(undefined);
  };
  return (
    <TextInput
      size="xs"
      className={classes.legend ?? ""}
      
      aria-label={`${name}: names of series`}
      placeholder="Names: {{label}}"
      title="How series are named in the legend, such as {{service}} on {{host_name}}"
      value={typed ?? value}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
      }}
    />
  );
}

function RowMenu({ index, letter, page }: { index: number; letter: string; page: MetricsPageState }) {
  const last = page.queries.length - 1;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={`More for query ${letter}`}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={last + 1 >= mostQueries} onClick={() => page.duplicate(index)}>
          Duplicate
        </Menu.Item>
        <Menu.Item disabled={index === 0} onClick={() => page.move(index, -1)}>
          Move up
        </Menu.Item>
        <Menu.Item disabled={index === last} onClick={() => page.move(index, 1)}>
          Move down
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => page.remove(index)}>Remove</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
