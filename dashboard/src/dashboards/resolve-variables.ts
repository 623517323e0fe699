// From a dashboard's variables and what was chosen to the values that queries get. A variable
// may name others in its matchers; those are worked out first.

import type { ListVariable, Variable } from "../api/dashboards";
import { interpolate, referencesIn, type VariableValue, type VariableValues } from "../query/variables";

/** What stands for every value, in the address and as a default. */
export const all = "$__all";

export interface Option {
  value: string;
  label: string;
}

export interface VariableState {
  variable: Variable;
  options: Option[];
  /** What is chosen: values, or `all` alone. */
  chosen: string[];
  error?: Error;
}

export interface ResolvedVariables {
  states: VariableState[];
  values: VariableValues;
}

/** Loads the values of a label on the series of some selectors. */
export type LoadValues = (label: string, selectors: readonly string[]) => Promise<string[]>;

/** What the text of a variable refers to. */
function needs(variable: Variable): string[] {
  if (variable.kind === "TextVariable") return [];
  const { matchers = [], labelName = "" } = variable.spec.plugin.spec;
  return referencesIn([...matchers, labelName].join(" "));
}

/** inOrder puts variables behind those that they need; those in a circle come last. */
export function inOrder(variables: readonly Variable[]): { order: Variable[]; circle: Variable[] } {
  const names = new Set(variables.map((one) => one.spec.name));
  const done = new Set<string>();
  const order: Variable[] = [];
  let rest = [...variables];
  for (;;) {
    const ready = rest.filter((one) => needs(one).every((name) => !names.has(name) || done.has(name)));
    if (ready.length === 0) return { order, circle: rest };
    order.push(...ready);
    for (const one of ready) done.add(one.spec.name);
    rest = rest.filter((one) => !ready.includes(one));
  }
}

const collator = new Intl.Collator("en", { numeric: true });
const listOf = (value: string | string[] | undefined) => (value === undefined || value === "" ? [] : Array.isArray(value) ? value : [value]);

function sorted(options: Option[], sort: string | undefined, fromLabels: boolean): Option[] {
  const by = sort ?? (fromLabels ? "alphabetical-asc" : "none");
  if (by === "none") return options;
  const sign = by.endsWith("-desc") ? -1 : 1;
  const compare = by.startsWith("numerical") ? (a: Option, b: Option) => Number(a.value) - Number(b.value) : (a: Option, b: Option) => collator.compare(a.label, b.label);
  return options.toSorted((a, b) => sign * compare(a, b));
}

/** capture keeps the values that match, and of each its first group. */
export function capture(values: readonly string[], pattern: string | undefined): string[] {
  if (!pattern) return [...values];
  const regex = new RegExp(pattern);
  return [...new Set(values.flatMap((value) => regex.exec(value)?.slice(0, 2).findLast((group) => group !== undefined) ?? []))];
}

async function optionsOf(variable: ListVariable, known: VariableValues, load: LoadValues): Promise<Option[]> {
  const { plugin, sort, capturingRegexp } = variable.spec as ListVariable["spec"] & { capturingRegexp?: string };
  if (plugin.kind === "StaticListVariable") {
    const options = (plugin.spec.values ?? []).map((one) => (typeof one === "string" ? { value: one, label: one } : { value: one.value, label: one.label || one.value }));
    return sorted(options, sort, false);
  }
  if (plugin.kind !== "PrometheusLabelValuesVariable") throw new Error(`A variable of the kind ${plugin.kind} can't be read here.`);
  const selectors = (plugin.spec.matchers ?? []).filter((matcher) => matcher.trim() !== "").map((matcher) => interpolate(matcher, known).text);
  const values = await load(interpolate(plugin.spec.labelName ?? "", known, "text").text, selectors);
  return sorted(capture(values, capturingRegexp).map((value) => ({ value, label: value })), sort, true);
}

/** choose says what is chosen: what the address says, else the default where there is such a value, else the first. */
export function choose(variable: ListVariable, options: readonly Option[], wanted: readonly string[] | undefined): string[] {
  const { allowMultiple = false, allowAllValue = false, defaultValue } = variable.spec;
  const asked = (wanted ?? []).filter((value) => value !== "");
  const limit = (values: string[]) => (values.includes(all) ? [all] : allowMultiple ? values : values.slice(0, 1));
  if (asked.length > 0 && (allowAllValue || !asked.includes(all))) return limit(asked);
  const defaults = listOf(defaultValue).filter((value) => (value === all ? allowAllValue : options.length === 0 || options.some((option) => option.value === value)));
  if (defaults.length > 0) return limit(defaults);
  if (allowAllValue && (allowMultiple || options.length === 0)) return [all];
  return options[0] ? [options[0].value] : [];
}

function valueOf(variable: ListVariable, options: readonly Option[], chosen: readonly string[]): VariableValue {
  const raw = variable.spec.plugin.kind === "StaticListVariable";
  if (!chosen.includes(all)) return { values: chosen, raw };
  const custom = variable.spec.customAllValue;
  return custom ? { values: [custom], all: true, raw: true } : { values: options.map((option) => option.value), all: true, raw };
}

/** resolveVariables works all of them out; one that fails doesn't take the others along. */
export async function resolveVariables(variables: readonly Variable[], wanted: Readonly<Record<string, string[]>>, load: LoadValues): Promise<ResolvedVariables> {
  const states = new Map<Variable, VariableState>();
  const values: Record<string, VariableValue> = {};
  const { order, circle } = inOrder(variables);
  const solve = async (variable: Variable, known: VariableValues): Promise<void> => {
    const { name } = variable.spec;
    if (variable.kind === "TextVariable") {
      const text = variable.spec.constant ? variable.spec.value : (wanted[name]?.join(",") ?? variable.spec.value);
      states.set(variable, { variable, options: [], chosen: [text] });
      values[name] = { values: [text], raw: true };
      return;
    }
    try {
      if (circle.includes(variable)) throw new Error(`$${name} needs itself, by way of ${circle.map((one) => `$${one.spec.name}`).join(", ")}.`);
      const options = await optionsOf(variable, known, load);
      const chosen = choose(variable, options, wanted[name]);
      states.set(variable, { variable, options, chosen });
      values[name] = valueOf(variable, options, chosen);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      const chosen = choose(variable, [], wanted[name]);
      states.set(variable, { variable, options: [], chosen, error: error instanceof Error ? error : new Error(String(error)) });
      values[name] = valueOf(variable, [], chosen);
    }
  };
  // Those that need nothing of each other are asked for at the same time.
  let rest = order;
  while (rest.length > 0) {
    const names = new Set(rest.map((one) => one.spec.name));
    const ready = rest.filter((one) => needs(one).every((name) => !names.has(name)));
    const known = { ...values };
    await Promise.all(ready.map((one) => solve(one, known)));
    rest = rest.filter((one) => !ready.includes(one));
  }
  for (const one of circle) await solve(one, values);
  return { states: variables.flatMap((one) => states.get(one) ?? []), values };
}
