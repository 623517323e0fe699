// The field in which people write queries: PromQL, log filters, JSON. CodeMirror is heavy, so it
// comes when the first editor is on a page; until then the text stands there as it will.

import type { Extension } from "@codemirror/state";
import { lazy, Suspense, useCallback, type Ref } from "react";

import type { QueryError } from "./errors";
import { HistoryMenu } from "./HistoryMenu";
import { remember } from "./history";
import classes from "./QueryEditor.module.css";

const CodeEditor = lazy(() => import("./CodeEditor"));

/** A language of the editor, or how to load it: a loader must be the same one at each render. */
export type EditorLanguage = Extension | (() => Promise<Extension>);

/** What a page can ask of an editor. */
export interface EditorHandle {
  focus: () => void;
  /** insert puts text where the cursor is, in place of what is selected. */
  insert: (text: string) => void;
}

export interface QueryEditorProps {
  value: string;
  onChange: (value: string) => void;
  /** Enter (in one-line mode) or Ctrl+Enter; it gets the text as it is at that moment. */
  onRun?: ((value: string) => void) | undefined;
  language: EditorLanguage;
  /** The accessible name. */
  label: string;
  placeholder?: string;
  /** The kind of history; without one, queries are not remembered. */
  history?: string;
  /** What the server found wrong with the text that is there. */
  error?: QueryError | undefined;
  /** "line": Enter runs and Shift+Enter adds a line (as in Prometheus). "text": Enter adds one. */
  mode?: "line" | "text";
  autoFocus?: boolean;
  readOnly?: boolean;
  ref?: Ref<EditorHandle>;
}

export function QueryEditor(props: QueryEditorProps) {
  const { value, onChange, onRun, label, placeholder, history, error } = props;
  const run = useCallback(
    (text: string) => {
      if (history) remember(history, text);
      onRun?.(text);
    },
    [history, onRun],
  );
  return (
    <div className={classes.field}>
      <div className={classes.frame} data-invalid={error !== undefined} data-readonly={props.readOnly ?? false}>
        <Suspense fallback={<pre className={classes.waiting} aria-label={label} aria-busy="true">{value || placeholder || " "}</pre>}>
          <CodeEditor {...props} onRun={run} />
        </Suspense>
        {history && <HistoryMenu kind={history} onPick={onChange} />}
      </div>
      {error && (
        <p className={classes.error} role="alert">
          {error.from !== undefined && <span className={classes.position}>{positionText(value, error.from)}</span>} {error.message}
        </p>
      )}
    </div>
  );
}

/** positionText says where an offset is, as people count. */
function positionText(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return before.length > 1 || text.includes("\n") ? `Line ${before.length}, character ${column}:` : `Character ${column}:`;
}
