// Builds the editor: keys, completion, history and the places where its settings change.

import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, selectedCompletion, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history as undoHistory, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { forceLinting, linter, type Diagnostic } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, Prec, StateEffect, StateField, type Extension } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap, placeholder as placeholderText, type Command } from "@codemirror/view";

import type { QueryError } from "./errors";
import { Recall } from "./history";
import { editorTheme } from "./theme";

interface Settings {
  onChange: (text: string) => void;
  onRun: (text: string) => void;
  mode: "line" | "text";
  history: string | undefined;
}

export interface Editor {
  setText: (text: string) => void;
  setLanguage: (language: Extension) => void;
  setReadOnly: (readOnly: boolean) => void;
  setError: (error: QueryError | undefined) => void;
  describe: (label: string, placeholder: string, invalid: boolean) => void;
  insert: (text: string) => void;
  focus: () => void;
  destroy: () => void;
}

/** Marks changes that come from the page, which it need not be told of. */
const fromPage = Annotation.define<boolean>();

const setServerError = StateEffect.define<QueryError | undefined>();

/** What the server said is wrong, until the text changes. */
const serverError = StateField.define<QueryError | undefined>({
  create: () => undefined,
  update(error, transaction) {
    for (const effect of transaction.effects) if (effect.is(setServerError)) return effect.value;
    return transaction.docChanged ? undefined : error;
  },
});

function serverDiagnostics(view: EditorView): Diagnostic[] {
  const error = view.state.field(serverError);
  if (error?.from === undefined) return [];
  const length = view.state.doc.length;
  const from = Math.min(error.from, length);
  return [{ from, to: Math.max(from, Math.min(error.to ?? from + 1, length)), severity: "error", message: error.message }];
}

/** keysOf are the keys that the editor adds to CodeMirror's. */
function keysOf({ onRun, mode, history }: Settings): Extension {
  const run: Command = (view) => {
    closeCompletion(view);
    onRun(view.state.doc.toString());
    return true;
  };
  // Enter takes what completion offers, unless that is what stands there already.
  const runWhenTyped: Command = (view) => {
    const offered = selectedCompletion(view.state);
    if (!offered) return false;
    const { head } = view.state.selection.main;
    const before = view.state.sliceDoc(Math.max(0, head - offered.label.length), head);
    return before === offered.label && run(view);
  };
  const recall = history === undefined ? undefined : new Recall(history);
  const walk = (older: number): Command => (view) => {
    const text = recall?.step(older, view.state.doc.toString());
    if (text !== undefined) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length } });
    return recall !== undefined;
  };
  const enter = mode === "line" ? [{ key: "Enter", run: runWhenTyped }] : [];
  const line = mode === "line" ? [{ key: "Enter", run, shift: insertNewlineAndIndent }] : [];
  const past = recall ? [{ key: "Alt-ArrowUp", run: walk(1) }, { key: "Alt-ArrowDown", run: walk(-1) }] : [];
  return [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run }, ...enter, ...past])),
    keymap.of([...line, { key: "Tab", run: acceptCompletion }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  ];
}

/**
 * keepKeys holds typed keys back from the page's shortcuts, which can't see that the focus is in
 * a text field in here. Those with Ctrl or Command are the page's as well.
 */
function keepKeys(host: HTMLElement): void {
  host.addEventListener("keydown", (event) => {
    const typing = !event.ctrlKey && !event.metaKey && event.key !== "Escape" && event.key !== "Tab";
    if (typing || event.defaultPrevented) event.stopPropagation();
  });
}

/**
 * Echo tells what the page sends back of what the editor told it from what the page wants. The
 * page answers a moment later, when more may have been typed: that must not be taken back.
 */
export class Echo {
  private waiting: string[] = [];

  said(text: string): string {
    this.waiting.push(text);
    return text;
  }

  /** isOwn says that a text is what the editor holds, or held a moment ago and told the page. */
  isOwn(text: string, now: string): boolean {
    const at = this.waiting.lastIndexOf(text);
    this.waiting = text === now || at < 0 ? [] : this.waiting.slice(at + 1);
    return text === now || at >= 0;
  }
}

/**
 * typeOver replaces what is selected by what is typed itself. Left to the browser, Chromium keeps
 * the colour of the selected text by an inline style, which the content security policy reports.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    const text = event.data;
    if (event.inputType !== "insertText" || text === null || main.empty || view.composing || view.state.readOnly) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, main.from, main.to, text, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

/** createEditor makes an editor in the open shadow root of an element. */
export function createEditor(host: HTMLElement, text: string, settings: Settings): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  if (host.dataset["keys"] === undefined) keepKeys(host);
  host.dataset["keys"] = "kept";
  const echo = new Echo();
  const language = new Compartment();
  const description = new Compartment();
  const access = new Compartment();
  const state = EditorState.create({
    doc: text,
    extensions: [
      language.of([]),
      description.of([]),
      access.of([]),
      serverError,
      linter(serverDiagnostics, { delay: 0, needsRefresh: (update) => update.startState.field(serverError) !== update.state.field(serverError) }),
      keysOf(settings),
      typeOver,
      undoHistory(),
      highlightSpecialChars(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ icons: false, maxRenderedOptions: 60 }),
      EditorView.lineWrapping,
      editorTheme,
      EditorView.updateListener.of((update) => {
        if (!update.docChanged || update.transactions.some((t) => t.annotation(fromPage))) return;
        settings.onChange(echo.said(update.state.doc.toString()));
      }),
    ],
  });
  const view = new EditorView({ state, parent: root, root });
  return {
    setText(next) {
      const { doc, selection } = view.state;
      if (echo.isOwn(next, doc.toString())) return;
      view.dispatch({ changes: { from: 0, to: doc.length, insert: next }, selection: { anchor: Math.min(selection.main.head, next.length) }, annotations: fromPage.of(true) });
    },
    setLanguage(extension) {
      view.dispatch({ effects: language.reconfigure(extension) });
      // Who types before the language is there waits for its completion all the same.
      if (view.hasFocus && view.state.doc.toString() !== text) startCompletion(view);
    },
    setReadOnly: (readOnly) => view.dispatch({ effects: access.reconfigure(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []) }),
    setError(error) {
      view.dispatch({ effects: setServerError.of(error) });
      forceLinting(view);
    },
    describe(label, placeholder, invalid) {
      const attributes = EditorView.contentAttributes.of({ "aria-label": label, "aria-invalid": String(invalid), spellcheck: "false", autocapitalize: "off" });
      view.dispatch({ effects: description.reconfigure([attributes, placeholderText(placeholder)]) });
    },
    insert(inserted) {
      view.dispatch(view.state.replaceSelection(inserted));
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
