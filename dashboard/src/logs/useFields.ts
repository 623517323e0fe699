// The names of fields, from the lines that are held, and their values for completion.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { fetchFields, fetchValues, type Span } from "./api";
import { fieldsOf, shortName } from "./fields";
import type { FieldSource } from "./language";
import type { LogList } from "./list";

/** Records that are looked at: fields that are rarer are found by the panel's own search. */
const sample = 400;

/** useFieldNames gathers names; the result changes only when there are new ones. */
export function useFieldNames(list: LogList): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  const pages = list.rows.pages.length;
  const { status } = list;
  useEffect(() => {
    if (status !== "ready") return;
    const found = new Set<string>();
    let seen = 0;
    for (const record of list.rows.records()) {
      if (seen++ >= sample) break;
      for (const { name } of fieldsOf(record)) found.add(name);
    }
    setNames((before) => ([...found].every((name) => before.includes(name)) ? before : [...new Set([...before, ...found])]));
  }, [list, pages, status]);
  return names;
}

/** useFieldSource is where the editor's completion gets its words. It stays the same. */
export function useFieldSource(names: readonly string[], span: Span): FieldSource {
  const client = useQueryClient();
  const current = useRef({ names, span });
  current.current = { names, span };
  return useMemo(
    () => ({
      async fields() {
        const { names: known, span: when } = current.current;
        if (known.length > 0) return known;
        const fields = await client.fetchQuery({ queryKey: ["logs", "names", "", when.from, when.to], queryFn: ({ signal }) => fetchFields("", when, [], 1, signal), staleTime: 60_000, retry: false }).catch(() => []);
        return fields.map((field) => (typeof field === "string" ? field : shortName(field.name)));
      },
      values(field) {
        const { span: when } = current.current;
        const minute = Math.floor(Date.parse(when.to) / 60_000);
        return client.fetchQuery({ queryKey: ["logs", "completion", field, minute], queryFn: ({ signal }) => fetchValues("", when, field, 100, signal), staleTime: 60_000, retry: false }).catch(() => []);
      },
    }),
    [client],
  );
}
