// The fields beside the lines, and how many lines have each value: a click on one filters.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { Loading } from "../ui/Loading";
import { fetchFields, type Span } from "./api";
import { Facet } from "./Facet";
import classes from "./Facets.module.css";
import { shortName } from "./fields";

export interface FacetsProps {
  query: string;
  span: Span;
  version: number;
  /** Names of the fields in the lines that are held. */
  names: readonly string[];
  columns: readonly string[];
  onFilter: (field: string, value: string, exclude: boolean) => void;
  onAppend: (text: string) => void;
  onColumn: (field: string) => void;
  onBy: (field: string) => void;
  by: string;
}

/** What is open at first; the others open by a click, and ask for their values then. */
const openAtFirst = ["level", "service", "host.name"];
const first = ["level", "service", "instance_id", "host.name"];
const last = ["trace_id", "span_id"];

export function Facets({ query, span, version, names, ...rest }: FacetsProps) {
  const [wanted, setWanted] = useState("");
  const [all, setAll] = useState(false);
  const every = useQuery({
    queryKey: ["logs", "names", query, span.from, span.to],
    queryFn: async ({ signal }) => (await fetchFields(query, span, [], 1, signal)).map((field) => shortName(field.name)),
    enabled: all,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  });

  const fields = useMemo(() => {
    const known = new Set([...first.slice(0, 3), ...names, ...(every.data ?? [])]);
    const rank = (name: string) => (first.includes(name) ? first.indexOf(name) : last.includes(name) ? 1000 : 100);
    return [...known].filter((name) => name.toLowerCase().includes(wanted.trim().toLowerCase())).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }, [names, every.data, wanted]);

  return (
    <aside className={classes.panel} aria-label="Fields">
      <input className={classes.search} type="search" placeholder="Find a field" aria-label="Find a field" data-field-search value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} />
      <div className={classes.list}>
        {fields.map((name) => (
          <Facet key={name} name={name} query={query} span={span} version={version} openAtFirst={openAtFirst.includes(name)} {...rest} />
        ))}
        {fields.length === 0 && <p className={classes.note}>No field has this in its name{all ? "" : " in the lines that are loaded"}.</p>}
        {!all && (
          <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
            Look for rarer fields
          </Button>
        )}
        {all && every.isPending && <Loading rows={2} label="Looking for fields" />}
        {every.isError && <p className={classes.note}>The rarer fields can't be loaded: {every.error.message}</p>}
      </div>
    </aside>
  );
}
