// PromQL for the editor: colours, completion of metrics, labels and values against this server,
// type checks while one types, and what a metric is when the pointer rests on it.

import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { Decoration, hoverTooltip, MatchDecorator, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import { LanguageType, PromQLExtension, promQLLanguage, type LintStrategy, type PrometheusClient } from "@prometheus-io/codemirror-promql";

import { CompletionClient } from "./completion-client";
import { hasVariables, maskVariables } from "./variables";

/** One for the page, so that its editors ask the server for the same thing only once. */
const client = new CompletionClient();

/** lintStrategy checks what the query will be when its variables are filled in. */
function lintStrategy(): LintStrategy {
  const language = promQLLanguage(LanguageType.PromQL);
  const check = new PromQLExtension().getLinter().promQL();
  return {
    promQL: () => (view: EditorView) => {
      const text = view.state.doc.toString();
      if (text.trim() === "") return [];
      if (!hasVariables(text)) return check(view);
      return check({ state: EditorState.create({ doc: maskVariables(text), extensions: language }) } as EditorView);
    },
  };
}

const windows = [
  { label: "$__rate_interval", detail: "fits the chart and the data" },
  { label: "1m", detail: "one minute" },
  { label: "5m", detail: "five minutes" },
  { label: "1h", detail: "one hour" },
];

/** completeWindow offers what stands in the brackets of a range. */
function completeWindow(context: CompletionContext): CompletionResult | null {
  const before = context.matchBefore(/\[[$\w]*/);
  if (!before) return null;
  return { from: before.from + 1, options: windows.map((w, i) => ({ ...w, type: "keyword", boost: -i })), validFor: /^[$\w]*$/ };
}

const variableMarks = new MatchDecorator({ regexp: /\$(?:\{\w+(?::\w+)?\}|\w+)/g, decoration: Decoration.mark({ class: "cm-variable" }) });

const markVariables = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = variableMarks.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = variableMarks.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** The parts that a histogram's name gets; its metadata is under the name without them. */
const suffixes = /_(?:bucket|count|sum|total)$/;

function hover(prometheus: PrometheusClient): Extension {
  return hoverTooltip(async (view, position) => {
    const node = syntaxTree(view.state).resolveInner(position, -1);
    if (node.name !== "Identifier" || node.parent?.name !== "VectorSelector") return null;
    const name = view.state.sliceDoc(node.from, node.to);
    const all = await prometheus.metricMetadata();
    const known = (all[name] ?? all[name.replace(suffixes, "")])?.[0] as { type: string; help: string; unit?: string } | undefined;
    if (!known) return null;
    return { pos: node.from, end: node.to, above: true, create: () => ({ dom: describe(name, known) }) };
  });
}

function describe(name: string, { type, help, unit }: { type: string; help: string; unit?: string }): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-hover";
  const title = document.createElement("strong");
  title.textContent = name;
  const kind = document.createElement("span");
  kind.textContent = ` ${[type, unit].filter(Boolean).join(", ")}`;
  const text = document.createElement("div");
  text.textContent = help;
  box.append(title, kind, text);
  return box;
}

/** promql is the language for QueryEditor. */
export function promql(): Extension {
  const extension = new PromQLExtension().setComplete({ remote: client, maxMetricsMetadata: 5000 }).setLinter(lintStrategy());
  return [extension.asExtension(LanguageType.PromQL), EditorState.languageData.of(() => [{ autocomplete: completeWindow }]), markVariables, hover(client)];
}
