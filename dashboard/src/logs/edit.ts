// Changes filters as a click does: adds a value, excludes it, takes a condition away. What
// people wrote beside it stays as they wrote it.

import { parseFilter, type Condition, type Node } from "./filter";

/** A condition at the top of a filter, which one can take away without changing the others. */
export interface Pill {
  start: number;
  end: number;
  /** How it reads, in the language. */
  text: string;
  /** What it compares, when it is a condition on one field. */
  condition: Condition | undefined;
}

/** pillsOf lists the conditions that all must be true; none when the filter can't be read. */
export function pillsOf(query: string): Pill[] {
  const parsed = parseFilter(query);
  if (!parsed.ok || !parsed.root) return [];
  return topNodes(parsed.root).map((node) => ({
    start: node.start,
    end: node.end,
    text: query.slice(node.start, node.end),
    condition: node.type === "condition" ? node : undefined,
  }));
}

/** topNodes takes nested ANDs apart, unless parentheses keep them together. */
function topNodes(root: Node): Node[] {
  return root.type === "and" ? root.nodes : [root];
}

/** removePill takes a condition out of the filter. */
export function removePill(query: string, pill: { start: number; end: number }): string {
  const before = query.slice(0, pill.start).replace(/\s+and\s*$/i, " ").trimEnd();
  const after = query.slice(pill.end).replace(/^\s*and\s+/i, "").trimStart();
  return before === "" || after === "" ? before + after : `${before} ${after}`;
}

/** quoteValue writes a value so that the language reads it as one text. */
export function quoteValue(value: string): string {
  if (/^[\p{L}\p{Nd}_]+$/u.test(value) && !/^(and|or|not)$/i.test(value)) return value;
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  // oxlint-disable-next-line no-control-regex -- control characters are what has to be written
  return `"${escaped.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

/** quoteName writes the name of a field. */
export function quoteName(name: string): string {
  return /^[\p{L}\p{Nd}_./@][\p{L}\p{Nd}_./@-]*$/u.test(name) ? name : quoteValue(name).replace(/^([^"].*)$/, '"$1"');
}

/** conditionText writes a condition on whole values. */
export function conditionText(field: string, values: readonly string[], exclude = false): string {
  const sign = exclude ? "-" : "";
  const [only = ""] = values;
  if (values.length === 1) return `${sign}${quoteName(field)}:${only === "" ? '""' : `=${quoteValue(only)}`}`;
  return `${sign}${quoteName(field)}:in(${values.map((value) => (value === "" ? '""' : quoteValue(value))).join(", ")})`;
}

/** appendText puts one more condition at the end, which must be true as well. */
export function appendText(query: string, text: string): string {
  const trimmed = query.trim();
  if (trimmed === "" || trimmed === "*") return text;
  const parsed = parseFilter(trimmed);
  if (parsed.ok && parsed.root?.type === "or" && !wrapped(trimmed, parsed.root)) return `(${trimmed}) ${text}`;
  return `${trimmed} ${text}`;
}

const wrapped = (text: string, node: Node) => node.start === 0 && text[0] === "(" && node.end === text.length;

/** valuesOf are the whole values that a condition names; undefined for any other comparison. */
function valuesOf(condition: Condition): string[] | undefined {
  if (condition.kind === "exact" || condition.kind === "in") return condition.values;
  if (condition.kind === "empty") return [""];
  // service:web is written by people who mean the value, and a value of one word is one.
  return condition.kind === "words" && !condition.prefix && !condition.fold && condition.values.length === 1 && condition.field !== "message" ? condition.values : undefined;
}

function findPill(query: string, field: string, negated: boolean): { pill: Pill; values: string[] } | undefined {
  for (const pill of pillsOf(query)) {
    const { condition } = pill;
    if (condition?.field !== field || condition.negated !== negated) continue;
    const values = valuesOf(condition);
    if (values) return { pill, values };
  }
  return undefined;
}

/** addCondition requires one of these values, or none of them, of a field. */
export function addCondition(query: string, field: string, values: readonly string[], exclude = false): string {
  let text = query;
  for (const value of values) text = dropValue(text, field, value, !exclude);
  const found = findPill(text, field, exclude);
  if (!found) return appendText(text, conditionText(field, values, exclude));
  const all = [...new Set([...found.values, ...values])];
  return text.slice(0, found.pill.start) + conditionText(field, all, exclude) + text.slice(found.pill.end);
}

/** dropValue takes a value out of what is required (or excluded) of a field. */
export function dropValue(query: string, field: string, value: string, exclude: boolean): string {
  const found = findPill(query, field, exclude);
  if (!found?.values.includes(value)) return query;
  const rest = found.values.filter((other) => other !== value);
  if (rest.length === 0) return removePill(query, found.pill);
  return query.slice(0, found.pill.start) + conditionText(field, rest, exclude) + query.slice(found.pill.end);
}

export type ValueState = "included" | "excluded" | undefined;

/** stateOfValue says whether the filter requires or excludes a value. */
export function stateOfValue(query: string, field: string, value: string): ValueState {
  if (findPill(query, field, false)?.values.includes(value)) return "included";
  return findPill(query, field, true)?.values.includes(value) ? "excluded" : undefined;
}

/** toggleValue is a click on a value: it is required (or excluded), or no longer. */
export function toggleValue(query: string, field: string, value: string, exclude: boolean): string {
  const state = stateOfValue(query, field, value);
  if (state === (exclude ? "excluded" : "included")) return dropValue(query, field, value, exclude);
  return addCondition(query, field, [value], exclude);
}

/** negatePill turns a condition into its opposite. */
export function negatePill(query: string, pill: Pill): string {
  const turned = pill.text.startsWith("-") || pill.text.startsWith("!") ? pill.text.slice(1) : /^not[\s(]/i.test(pill.text) ? pill.text.slice(3).trimStart() : `-${pill.text}`;
  const ors = pill.condition === undefined && !pill.text.startsWith("(") && pill.start === 0 && pill.end === query.trim().length;
  return query.slice(0, pill.start) + (ors && turned.startsWith("-") ? `-(${pill.text})` : turned) + query.slice(pill.end);
}

/** withoutField drops what the filter says of the values of a field, for its own list of values. */
export function withoutField(query: string, field: string): string {
  let text = query;
  for (const negated of [false, true]) {
    const found = findPill(text, field, negated);
    if (found) text = removePill(text, found.pill);
  }
  return text;
}

/** onlyValue is the one value that the filter requires of a field. */
export function onlyValue(query: string, field: string): string | undefined {
  const values = findPill(query, field, false)?.values;
  return values?.length === 1 && values[0] !== "" ? values[0] : undefined;
}
