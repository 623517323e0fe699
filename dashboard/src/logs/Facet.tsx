// One field: its most frequent values with their counts, to filter by or to exclude.

import { ActionIcon, Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { format } from "../format/units";
import { Failure } from "../ui/Failure";
import { ChevronIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import { fetchValues, type Span } from "./api";
import { quoteName, stateOfValue, withoutField } from "./edit";
import classes from "./Facets.module.css";
import { isNumber, severity } from "./fields";

interface Props {
  name: string;
  query: string;
  span: Span;
  version: number;
  openAtFirst: boolean;
  columns: readonly string[];
  by: string;
  onFilter: (field: string, value: string, exclude: boolean) => void;
  onAppend: (text: string) => void;
  onColumn: (field: string) => void;
  onBy: (field: string) => void;
}

const fewValues = 6;
const manyValues = 100;

export function Facet({ name, query, span, version, openAtFirst, columns, by, onFilter, onAppend, onColumn, onBy }: Props) {
  const [opened, setOpened] = useState(openAtFirst);
  const [many, setMany] = useState(false);
  const [wanted, setWanted] = useState("");
  const limit = many ? manyValues : fewValues;
  // The other values stay in the list, so that one can choose several.
  const counted = withoutField(query, name);
  const answer = useQuery({
    queryKey: ["logs", "values", name, counted, span.from, span.to, limit, version],
    queryFn: ({ signal }) => fetchValues(counted, span, name, limit, signal),
    enabled: opened,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    retry: 1,
  });
  const values = answer.data ?? [];
  const shown = values.filter(({ value }) => value.toLowerCase().includes(wanted.trim().toLowerCase()));
  const top = values[0]?.count ?? 0;
  const column = columns.includes(name);
  return (
    <section className={classes.facet} data-facet={name}>
      <h3 className={classes.title}>
        <button type="button" className={classes.toggle} aria-expanded={opened} onClick={() => setOpened(!opened)} title={name}>
          <ChevronIcon />
          <span>{name}</span>
        </button>
        {name !== "service" && (
          <ActionIcon size={18} variant="subtle" color="gray" aria-pressed={column} aria-label={column ? `Hide the column ${name}` : `Show ${name} as a column`} title={column ? "Hide the column" : "Show as a column"} onClick={() => onColumn(name)}>
            ▥
          </ActionIcon>
        )}
        <ActionIcon size={18} variant="subtle" color="gray" aria-pressed={by === name} aria-label={`Colour the histogram by ${name}`} title="Colour the histogram by this field" onClick={() => onBy(name)}>
          ▂▅
        </ActionIcon>
      </h3>
      {opened && (
        <>
          {answer.isPending && <Loading rows={3} label={`Loading the values of ${name}`} />}
          {answer.isError && <Failure title="The values can't be loaded" error={answer.error} onRetry={() => void answer.refetch()} />}
          {(many || wanted !== "") && <input className={classes.search} type="search" placeholder="Find a value" aria-label={`Find a value of ${name}`} value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} />}
          <ul className={classes.values}>
            {shown.map(({ value, count }) => (
              <Value key={value} field={name} value={value} count={count} part={top > 0 ? count / top : 0} state={stateOfValue(query, name, value)} onFilter={onFilter} />
            ))}
          </ul>
          {answer.isSuccess && shown.length === 0 && <p className={classes.note}>{values.length === 0 ? "No line has this field." : "No value has this in it."}</p>}
          {isNumeric(values.map(({ value }) => value)) && <NumberRange name={name} onAppend={onAppend} />}
          {values.length >= fewValues && (
            <Button size="compact-xs" variant="subtle" onClick={() => setMany(!many)}>
              {many ? "Fewer values" : "More values"}
            </Button>
          )}
        </>
      )}
    </section>
  );
}

function isNumeric(values: readonly string[]): boolean {
  return values.length > 1 && values.every(isNumber);
}

interface ValueProps {
  field: string;
  value: string;
  count: number;
  part: number;
  state: "included" | "excluded" | undefined;
  onFilter: (field: string, value: string, exclude: boolean) => void;
}

function Value({ field, value, count, part, state, onFilter }: ValueProps) {
  return (
    <li className={classes.value} data-state={state} data-level={field === "level" ? severity(value) : undefined}>
      <span className={classes.share} style={{ width: `${Math.max(2, part * 100)}%` }} aria-hidden="true" />
      <button type="button" className={classes.name} aria-pressed={state === "included"} title={value} onClick={() => onFilter(field, value, false)}>
        {value}
        <span className="visually-hidden">, {count} lines</span>
      </button>
      <span className={classes.count} title={count.toLocaleString("en")} aria-hidden="true">
        {format(count, "count")}
      </span>
      <button type="button" className={classes.exclude} aria-pressed={state === "excluded"} aria-label={`Exclude ${value}`} title={`Exclude ${value}`} onClick={() => onFilter(field, value, true)}>
        −
      </button>
    </li>
  );
}

/** NumberRange filters by a lowest and a highest number. */
function NumberRange({ name, onAppend }: { name: string; onAppend: (text: string) => void }) {
  const [low, setLow] = useState("");
  const [high, setHigh] = useState("");
  const valid = [low, high].every((text) => text === "" || isNumber(text)) && (low !== "" || high !== "");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!valid) return;
    const field = quoteName(name);
    if (low !== "" && high !== "") onAppend(`${field}:range[${low}, ${high}]`);
    else onAppend(low !== "" ? `${field}:>=${low}` : `${field}:<=${high}`);
    setLow("");
    setHigh("");
  }

  return (
    <form className={classes.range} onSubmit={submit}>
      <input inputMode="decimal" placeholder="from" aria-label={`Lowest ${name}`} value={low} onChange={(event) => setLow(event.currentTarget.value)} />
      <input inputMode="decimal" placeholder="to" aria-label={`Highest ${name}`} value={high} onChange={(event) => setHigh(event.currentTarget.value)} />
      <Button size="compact-xs" variant="default" type="submit" disabled={!valid}>
        Filter
      </Button>
    </form>
  );
}
