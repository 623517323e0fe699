// Finds in texts what a filter looks for.

import { parseFilter, type Condition, type Node } from "./filter";

export interface Segment {
  text: string;
  hit: boolean;
}

/** Matcher marks what matched: in a message, or in the value of another field. */
export type Matcher = (field: string, text: string) => Segment[];

const wordRune = "[\\p{L}\\p{Nd}_\\uFFFD]";
const longest = 5000;

/** newMatcher reads the filter once, for many texts. */
export function newMatcher(query: string): Matcher {
  const expressions = new Map<string, RegExp[]>();
  const parsed = parseFilter(query);
  if (parsed.ok && parsed.root) {
    collect(parsed.root, false, (condition) => {
      const expression = expressionOf(condition);
      if (expression) expressions.set(condition.field, [...(expressions.get(condition.field) ?? []), expression]);
    });
  }
  return (field, text) => {
    const wanted = expressions.get(field);
    return wanted ? mark(text, wanted) : [{ text, hit: false }];
  };
}

function collect(node: Node, negated: boolean, found: (condition: Condition) => void): void {
  if (node.type === "condition") {
    if (node.negated === negated) found(node);
    return;
  }
  for (const inner of node.nodes) collect(inner, negated !== (node.type === "not"), found);
}

function expressionOf({ kind, values, prefix, fold }: Condition): RegExp | undefined {
  if (kind === "words") {
    const words = values.map(escape).join(`(?:(?!${wordRune})[^])+`);
    return new RegExp(`(?<!${wordRune})${words}${prefix ? `${wordRune}*` : `(?!${wordRune})`}`, fold ? "giu" : "gu");
  }
  if (kind === "exact" || kind === "in") {
    const texts = values.filter((value) => value !== "").map(escape);
    return texts.length === 0 ? undefined : new RegExp(`^(?:${texts.join("|")})$`, "gu");
  }
  if (kind !== "regexp" || !values[0]) return undefined;
  try {
    // RE2's expressions are nearly JavaScript's; one that isn't just marks nothing.
    const flags = /^\(\?([is]+)\)/.exec(values[0]);
    return new RegExp(flags ? values[0].slice(flags[0].length) : values[0], `gsu${flags?.[1]?.includes("i") ? "i" : ""}`);
  } catch {
    return undefined;
  }
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

function mark(text: string, expressions: RegExp[]): Segment[] {
  const spans: [number, number][] = [];
  const head = text.length > longest ? text.slice(0, longest) : text;
  for (const expression of expressions) {
    for (const match of head.matchAll(expression)) if (match[0] !== "") spans.push([match.index, match.index + match[0].length]);
  }
  if (spans.length === 0) return [{ text, hit: false }];
  spans.sort((a, b) => a[0] - b[0]);
  const segments: Segment[] = [];
  let at = 0;
  for (const [start, end] of spans) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    if (from > at) segments.push({ text: text.slice(at, from), hit: false });
    const last = segments.at(-1);
    if (last?.hit && from === at) last.text += text.slice(from, end);
    else segments.push({ text: text.slice(from, end), hit: true });
    at = end;
  }
  if (at < text.length) segments.push({ text: text.slice(at), hit: false });
  return segments;
}
