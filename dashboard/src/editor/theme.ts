// How the editor looks. CodeMirror puts its rules into its shadow root by adoptedStyleSheets,
// which the content security policy allows; the page's colours get there as CSS variables.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const view = EditorView.theme({
  "&": { color: "var(--text)", fontSize: "12.5px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px", maxHeight: "var(--editor-height, 260px)" },
  ".cm-content": { padding: "4px 0", caretColor: "var(--text)", minHeight: "20px" },
  ".cm-line": { padding: "0 8px" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--bad)" },
  ".cm-variable": { color: "light-dark(#7a4b00, #e2b340)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning, .cm-lintRange-info": { backgroundImage: "none", textDecoration: "underline wavy var(--warn) 1px", textUnderlineOffset: "3px" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--bad)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    boxShadow: "0 4px 16px rgb(0 0 0 / 18%)",
    zIndex: "20",
  },
  ".cm-tooltip-lint": { fontFamily: "var(--font)", fontSize: "12px" },
  ".cm-diagnostic": { padding: "4px 10px", whiteSpace: "pre-wrap", maxWidth: "420px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning, .cm-diagnostic-info": { borderLeft: "3px solid var(--warn)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)", fontSize: "12px", maxHeight: "264px", minWidth: "260px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "18px", display: "flex", gap: "8px", alignItems: "baseline" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--text)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-completionDetail": { marginLeft: "auto", paddingLeft: "16px", fontStyle: "normal", fontFamily: "var(--font)", fontSize: "11px", color: "var(--muted)" },
  ".cm-tooltip.cm-completionInfo": { padding: "8px 10px", maxWidth: "320px", fontSize: "12px", lineHeight: "1.45" },
  ".cm-hover": { padding: "6px 10px", maxWidth: "420px", fontSize: "12px", lineHeight: "1.45" },
  ".cm-hover strong": { fontFamily: "var(--font-mono)", overflowWrap: "anywhere" },
  ".cm-hover span": { color: "var(--muted)" },
});

const highlight = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.operatorKeyword], color: "light-dark(#0a5fb4, #6ab0ff)" },
  { tag: [tags.modifier, tags.keyword, tags.logicOperator, tags.bool], color: "light-dark(#7b2fbf, #cf9cff)" },
  { tag: [tags.labelName, tags.propertyName, tags.attributeName], color: "light-dark(#8a4a00, #e8b06a)" },
  { tag: [tags.string, tags.regexp], color: "light-dark(#1b6b3a, #7fd6a0)" },
  { tag: [tags.number], color: "light-dark(#9a2f4e, #ff9db0)" },
  { tag: [tags.comment], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.arithmeticOperator, tags.compareOperator, tags.operator, tags.punctuation, tags.paren, tags.brace, tags.squareBracket], color: "var(--muted)" },
]);

export const editorTheme = [view, syntaxHighlighting(highlight)];
