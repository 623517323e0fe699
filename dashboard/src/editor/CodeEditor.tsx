// CodeMirror in a shadow root of its own: there its style rules are adopted style sheets, where
// in the page they would be <style> elements, which the content security policy forbids.

import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";

import { createEditor, type Editor } from "./codemirror";
import type { QueryEditorProps } from "./QueryEditor";
import classes from "./QueryEditor.module.css";

export default function CodeEditor(props: QueryEditorProps) {
  const { value, language, label, placeholder, history, error, mode = "line", autoFocus = false, readOnly = false, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);

  // What the editor's callbacks read when they run, long after they were made.
  const current = useRef(props);
  useLayoutEffect(() => {
    current.current = props;
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const { value: text } = current.current;
    const made = createEditor(element, text, {
      onChange: (next) => current.current.onChange(next),
      onRun: (next) => current.current.onRun?.(next),
      mode,
      history,
    });
    editor.current = made;
    return () => {
      editor.current = undefined;
      made.destroy();
    };
  }, [mode, history]);

  useEffect(() => editor.current?.describe(label, placeholder ?? "", error !== undefined), [label, placeholder, error, mode, history]);
  useEffect(() => editor.current?.setReadOnly(readOnly), [readOnly, mode, history]);
  useEffect(() => editor.current?.setText(value), [value, mode, history]);
  useEffect(() => editor.current?.setError(error), [error, mode, history]);
  useEffect(() => {
    if (autoFocus) editor.current?.focus();
  }, [autoFocus]);

  useEffect(() => {
    if (typeof language !== "function") {
      editor.current?.setLanguage(language);
      return undefined;
    }
    let wanted = true;
    language().then(
      (loaded) => wanted && editor.current?.setLanguage(loaded),
      // Without its language the editor is a plain one: queries can still be written and run.
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [language, mode, history]);

  useImperativeHandle(ref, () => ({ focus: () => editor.current?.focus(), insert: (text) => editor.current?.insert(text) }), []);

  return <div ref={host} className={classes.host} data-editor={label} />;
}
