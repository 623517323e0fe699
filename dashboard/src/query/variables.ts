// Variables in queries: $name, ${name} and ${name:format}, with the built-in $__interval,
// $__rate_interval and $__range. What stands for a variable depends on where it stands: a regular
// expression gets alternatives, a quoted text gets its quotes escaped.

/** Where a query's text goes: PromQL, the filter language of logs, or plain text such as a title. */
export type QueryLanguage = "promql" | "logs" | "text";

export interface VariableValue {
  /** The values chosen; for "all" every value there is. */
  values: readonly string[];
  /** All is chosen, so that an empty list means anything. */
  all?: boolean;
  /** The values are taken as they are, also as a part of a regular expression. */
  raw?: boolean;
}

export type VariableValues = Readonly<Record<string, VariableValue>>;

export interface Interpolated {
  text: string;
  /** What could not be done as one would expect, as sentences. */
  problems: string[];
}

const reference = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([\w-]+))?\})/g;

/** referencesIn lists the variables that a text names, each once. */
export function referencesIn(text: string): string[] {
  return [...new Set([...text.matchAll(reference)].map((match) => match[1] ?? match[2] ?? ""))];
}

/** escapeRegex makes a value stand for itself in a regular expression (RE2). */
export function escapeRegex(value: string): string {
  return value.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** escapeQuoted makes a text safe between double quotes, in PromQL and in the log filter language. */
export function escapeQuoted(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

type Place = { quote: string | undefined; regex: boolean; exact: boolean; list: boolean };

/** placeOf says where in a query a position is: in quotes or not, after which operator. */
function placeOf(text: string, at: number): Place {
  let quote: string | undefined;
  let start = 0;
  for (let i = 0; i < at; i++) {
    const c = text[i]!;
    if (quote !== undefined) {
      if (c === "\\" && quote !== "`") i++;
      else if (c === quote) quote = undefined;
    } else if (c === '"' || c === "'" || c === "`") {
      quote = c;
      start = i;
    }
  }
  const before = text.slice(0, quote === undefined ? at : start).trimEnd();
  return { quote, regex: /[=!:]~$/.test(before), exact: /(?:[^!<>=]|^)=$|!=$/.test(before), list: /\bin\([^()]*$/.test(before) };
}

const alternatives = (values: readonly string[]) => (values.length === 1 ? values[0]! : `(${values.join("|")})`);

function regexOf(value: VariableValue): string {
  if (value.values.length === 0) return value.all ? ".*" : "";
  return alternatives(value.raw ? value.values : value.values.map(escapeRegex));
}

const inQuotes = (place: Place, text: string) => (place.quote === "`" ? text : escapeQuoted(text));

function forPromql(name: string, value: VariableValue, place: Place, problems: string[]): string {
  if (place.quote === undefined) return value.values.join(",");
  if (place.regex) return inQuotes(place, regexOf(value));
  if (value.values.length > 1 && place.exact) problems.push(`$${name} has several values, which only =~ and !~ can take.`);
  if (value.values.length > 1) return inQuotes(place, regexOf(value));
  return inQuotes(place, value.values[0] ?? (value.all ? ".*" : ""));
}

const quoted = (value: string) => `"${escapeQuoted(value)}"`;
/** A value of letters, digits and underscores needs no quotes in a filter. */
const word = (value: string) => (/^[\p{L}\p{N}_]+$/u.test(value) && !/^(?:and|or|not|in)$/i.test(value) ? value : quoted(value));

function forLogs(name: string, value: VariableValue, place: Place, problems: string[]): string {
  if (place.regex) {
    const text = regexOf(value);
    return place.quote === undefined ? quoted(text) : inQuotes(place, text);
  }
  if (place.quote !== undefined) {
    if (value.values.length > 1) problems.push(`$${name} has several values, which quotes can't take: write field:in($${name}).`);
    return inQuotes(place, value.values[0] ?? "");
  }
  if (value.raw && !place.list && value.values.length === 1) return value.values[0]!;
  if (value.values.length === 0) return value.all ? "*" : '""';
  if (place.list) return value.values.map(quoted).join(", ");
  if (place.exact && value.values.length > 1) problems.push(`$${name} has several values, which := can't take: write field:in($${name}).`);
  return value.values.length === 1 ? word(value.values[0]!) : `(${value.values.map(word).join(" OR ")})`;
}

const formats: Record<string, (value: VariableValue) => string> = {
  raw: (value) => value.values.join(","),
  csv: (value) => value.values.join(","),
  text: (value) => value.values.join(" + "),
  pipe: (value) => value.values.join("|"),
  json: (value) => JSON.stringify(value.values),
  regex: (value) => (value.values.length === 0 ? (value.all ? ".*" : "") : alternatives(value.values.map(escapeRegex))),
  singlequote: (value) => value.values.map((one) => `'${one.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`).join(","),
  doublequote: (value) => value.values.map(quoted).join(","),
  glob: (value) => (value.values.length === 1 ? value.values[0]! : `{${value.values.join(",")}}`),
  percentencode: (value) => encodeURIComponent(value.values.join(",")),
};

function written(name: string, format: string | undefined, value: VariableValue, language: QueryLanguage, place: Place, problems: string[]): string {
  if (format === "queryparam") return value.values.map((one) => `var-${name}=${encodeURIComponent(one)}`).join("&");
  if (format !== undefined) {
    const write = formats[format];
    if (!write) problems.push(`\${${name}:${format}} asks for a format that is not known; there are ${[...Object.keys(formats), "queryparam"].join(", ")}.`);
    const text = (write ?? formats["raw"]!)(value);
    // A regular expression between quotes is quoted once more, as the language reads it.
    return format === "regex" && language !== "text" && place.quote !== undefined ? inQuotes(place, text) : text;
  }
  if (language === "promql") return forPromql(name, value, place, problems);
  if (language === "logs") return forLogs(name, value, place, problems);
  return value.values.join(", ");
}

/** interpolate puts the values in. A name that is not known stays as it is, and is a problem. */
export function interpolate(text: string, values: VariableValues, language: QueryLanguage = "promql"): Interpolated {
  const problems: string[] = [];
  const result = text.replaceAll(reference, (whole: string, bare: string | undefined, braced: string | undefined, format: string | undefined, at: number) => {
    const name = bare ?? braced ?? "";
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (!value) {
      // A dollar in a regular expression is its end, not a variable.
      if (language === "text") return whole;
      problems.push(`There is no variable $${name}.`);
      return whole;
    }
    return written(name, format, value, language, placeOf(text, at), problems);
  });
  return { text: result, problems: [...new Set(problems)] };
}

/** seconds writes a number of seconds as a PromQL duration. */
export function duration(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${Math.max(1, Math.round(seconds * 1000))}ms`;
  for (const [name, size] of [["d", 86_400], ["h", 3600], ["m", 60]] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${name}`;
  }
  return `${seconds}s`;
}

const durationPart = /(\d+(?:\.\d+)?)(ms|[smhdwy])/g;
const sizes: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** parseDuration reads "1m30s" or a number of seconds; undefined when it is neither. */
export function parseDuration(text: string | undefined): number | undefined {
  const wanted = text?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(wanted)) return Number(wanted);
  if (wanted === "" || wanted.replaceAll(durationPart, "") !== "") return undefined;
  return [...wanted.matchAll(durationPart)].reduce((sum, [, count, unit]) => sum + Number(count) * sizes[unit!]!, 0);
}

/** How often most things are measured, unless a query says otherwise (`minStep`). */
const usualInterval = 15;

/**
 * builtins are the variables that follow from the time range and the distance of points: a rate
 * looks over at least four samples, or it has holes.
 */
export function builtins(step: number, from: number, to: number, minStep = usualInterval): VariableValues {
  const one = (text: string): VariableValue => ({ values: [text], raw: true });
  const range = Math.max(1, Math.round(to - from));
  return {
    __interval: one(duration(step)),
    __interval_ms: one(String(Math.round(step * 1000))),
    __rate_interval: one(duration(Math.ceil(Math.max(step + minStep, 4 * minStep)))),
    __range: one(duration(range)),
    __range_s: one(String(range)),
    __range_ms: one(String(range * 1000)),
    __from: one(String(Math.round(from * 1000))),
    __to: one(String(Math.round(to * 1000))),
  };
}
