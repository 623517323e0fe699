// Where people write the filter.

import { Button } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { ApiError } from "../api/client";
import { QueryEditor, type EditorHandle } from "../editor/QueryEditor";
import { useShortcut } from "../ui/shortcuts";
import type { FieldSource } from "./language";
import { parseFilter } from "./filter";
import classes from "./LogsPage.module.css";

interface Props {
  query: string;
  onRun: (query: string) => void;
  error: Error | undefined;
  source: FieldSource;
  loading: boolean;
  onCancel: () => void;
  /** Other buttons beside it. */
  children?: ReactNode;
}

export function QueryBar({ query, onRun, error, source, loading, onCancel, children }: Props) {
  const [draft, setDraft] = useState(query);
  const editor = useRef<EditorHandle>(null);
  useEffect(() => setDraft(query), [query]);
  useShortcut("/", "Write a filter", () => editor.current?.focus(), { group: "Logs" });

  const language = useMemo(() => () => import("./language").then(({ logFilter }) => logFilter(source)), [source]);
  const fault = draft === query ? faultOf(error, query) : undefined;
  return (
    <div className={classes.queryBar} role="search" aria-label="Filter log lines">
      <QueryEditor
        ref={editor}
        value={draft}
        onChange={setDraft}
        onRun={onRun}
        language={language}
        label="Filter"
        placeholder={'level:error "connection refused" -path:/health'}
        history="logs"
        error={fault}
      />
      {loading ? (
        <Button size="xs" h={32} variant="default" onClick={onCancel}>
          Cancel
        </Button>
      ) : (
        <Button size="xs" h={32} onClick={() => onRun(draft)}>
          Search
        </Button>
      )}
      {children}
    </div>
  );
}

/** faultOf says what is wrong with the filter, where, and what to write instead. */
function faultOf(error: Error | undefined, query: string): { message: string; from?: number; to?: number } | undefined {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined;
  const parsed = parseFilter(query);
  if (!parsed.ok) return { message: `${parsed.fault.message}; ${parsed.fault.fix}`, from: parsed.fault.at, to: parsed.fault.at + 1 };
  return { message: error.fix ? `${error.message}; ${error.fix}` : error.message };
}
