// The filter language of logs for the editor: colours, completion of fields and values, and what
// is wrong while one types.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { linter, type Diagnostic } from "@codemirror/lint";
import { StreamLanguage, type StringStream } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

import { quoteName, quoteValue } from "./edit";
import { ownFields, parseFilter } from "./filter";

/** Where completion gets its words. */
export interface FieldSource {
  /** The names of fields that occur. */
  fields: () => Promise<readonly string[]>;
  /** The most frequent values of a field, with their counts. */
  values: (field: string) => Promise<readonly { value: string; count: number }[]>;
}

/** logFilter is the language for QueryEditor. */
export function logFilter(source: FieldSource): Extension {
  return [language, language.data.of({ autocomplete: (context: CompletionContext) => complete(context, source), closeBrackets: { brackets: ["(", "[", '"', "`"] } }), lint];
}

interface StreamState {
  /** After a colon: what comes is a value. */
  value: boolean;
}

const language = StreamLanguage.define<StreamState>({
  name: "logfilter",
  startState: () => ({ value: false }),
  token: (stream, state) => token(stream, state),
  tokenTable: {},
});

function token(stream: StringStream, state: StreamState): string | null {
  if (stream.eatSpace()) {
    state.value = false;
    return null;
  }
  if (stream.match(/^(and|or|not)(?=[\s()"'`!]|$)/i)) return "logicOperator";
  if (!state.value && (stream.match(/^(?:"(?:[^"\\]|\\.)*"|[^\s:=<>~!()[\]"'`,*|-][^\s:=<>~!()[\]"'`,*|]*)(?=:)/))) return "propertyName";
  if (stream.match(":")) {
    state.value = true;
    return "punctuation";
  }
  if (stream.match(/^(?:>=|<=|[=~<>!])/)) return "operator";
  if (stream.match(/^(?:in|i|range)(?=[([])/)) return "keyword";
  if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'(?:[^'\\]|\\.)*'?|^`[^`]*`?/)) return "string";
  if (stream.match(/^-(?=\S)/) && !state.value) return "logicOperator";
  if (stream.match(/^-?\d+(\.\d+)?(?=[\s,)\]]|$)/)) return "number";
  if (stream.match(/^[()[\],*]/)) return "punctuation";
  if (stream.match(/^[^\s()[\]"'`,*|:=<>~!]+/)) return state.value ? "string" : null;
  stream.next();
  return null;
}

const lint = linter(
  (view): Diagnostic[] => {
    const text = view.state.doc.toString();
    const parsed = parseFilter(text);
    // What ends too early is not wrong yet: somebody is typing.
    if (parsed.ok || (view.hasFocus && parsed.fault.at >= text.trimEnd().length)) return [];
    const from = Math.min(parsed.fault.at, Math.max(0, text.length - 1));
    return [{ from, to: Math.min(text.length, from + 1), severity: "error", message: `The filter ${parsed.fault.message}; ${parsed.fault.fix}` }];
  },
  { delay: 400 },
);

const valueBefore = /(?:^|[\s(!-])("(?:[^"\\]|\\.)*"|[^\s:=<>~!()[\]"'`,*|]+):(=|!=?|in\((?:[^)]*,\s*)?)?("[^"]*|[^\s()[\]"'`,*|=<>~!]*)$/;
const nameBefore = /(?:^|[\s(])[-!]?("[^"]*|[^\s:=<>~!()[\]"'`,*|-][^\s:=<>~!()[\]"'`,*|]*)?$/;

/** complete offers fields, and after a colon the values of the field. */
export async function complete(context: CompletionContext, source: FieldSource): Promise<CompletionResult | null> {
  const before = context.state.sliceDoc(0, context.pos);
  const value = valueBefore.exec(before);
  if (value) {
    const [, name = "", sign = "", typed = ""] = value;
    const field = name.startsWith('"') ? name.slice(1, -1) : name;
    const values = await source.values(field);
    return { from: context.pos - typed.length, options: values.map(({ value: text, count }, i) => valueOption(text, count, sign, i)), filter: true };
  }
  const name = nameBefore.exec(before);
  const typed = name?.[1] ?? "";
  if (!name || (typed === "" && !context.explicit)) return null;
  const fields = await source.fields();
  return { from: context.pos - typed.length, options: fieldOptions(fields), validFor: /^[^\s:()[\]"'`]*$/ };
}

function valueOption(value: string, count: number, sign: string, rank: number): Completion {
  const quoted = quoteValue(value);
  const exact = sign === "" && quoted !== value ? `=${quoted}` : quoted;
  return { label: value, apply: exact, type: "text", detail: count.toLocaleString("en"), boost: -Math.min(rank, 98) };
}

const explained: Record<string, string> = {
  level: "trace, debug, info, warn, error, fatal",
  service: "who wrote the line",
  instance_id: "which of its instances",
  message: "the text; a bare word means it too",
  trace_id: "lines of one trace",
};

function fieldOptions(fields: readonly string[]): Completion[] {
  const own: string[] = ownFields.filter((name) => name !== "time" && name !== "id");
  const others = fields.filter((name) => !own.includes(name)).toSorted();
  return [
    ...own.map((name, i) => ({ label: name, apply: `${name}:`, type: "property", detail: explained[name] ?? "", boost: 20 - i })),
    ...others.map((name) => ({ label: name, apply: `${quoteName(name)}:`, type: "property" })),
  ];
}
