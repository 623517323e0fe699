// The fields of a record: its own, its labels, and the members of its JSON object, by the names
// that the filter language has for them.

import type { LogRecord } from "../api/types";

export type RecordField = { name: string; value: string };

const own = new Set(["time", "service", "instance_id", "level", "message", "trace_id", "span_id", "id"]);

export type Severity = "error" | "warn" | "info" | "debug" | "none";

/** severity puts the many names of levels into the few that have a colour. */
export function severity(level: string | undefined): Severity {
  const text = (level ?? "").toLowerCase();
  if (/^(err|fatal|crit|panic|emerg|alert)/.test(text)) return "error";
  if (text.startsWith("warn")) return "warn";
  if (/^(info|notice)/.test(text)) return "info";
  return /^(debug|trace|verbose)/.test(text) ? "debug" : "none";
}

/** shortName is the name without the prefix of labels and json, where that says the same. */
export function shortName(name: string): string {
  const rest = /^(?:labels|json)\.(.+)$/s.exec(name)?.[1];
  return rest === undefined || own.has(rest) || /^(labels|json)\./.test(rest) ? name : rest;
}

function ownValue(record: LogRecord, name: string): string | undefined {
  const value = (record as unknown as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}

/** asText writes a JSON value as the language compares it. */
function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function jsonMember(object: Record<string, unknown> | undefined, name: string): string | undefined {
  if (!object) return undefined;
  if (name in object) return asText(object[name]);
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const inner = object[name.slice(0, dot)];
    if (inner && typeof inner === "object" && !Array.isArray(inner)) {
      const found = jsonMember(inner as Record<string, unknown>, name.slice(dot + 1));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** fieldValue is what a record has under a name; "" when nothing. */
export function fieldValue(record: LogRecord, name: string): string {
  if (own.has(name)) return ownValue(record, name) ?? "";
  if (name.startsWith("labels.")) return record.labels?.[name.slice(7)] ?? record.labels?.[name] ?? "";
  if (name.startsWith("json.")) return jsonMember(record.json, name.slice(5)) ?? "";
  return record.labels?.[name] ?? jsonMember(record.json, name) ?? "";
}

function flatten(object: Record<string, unknown>, prefix: string, into: RecordField[]): void {
  for (const [name, value] of Object.entries(object)) {
    if (value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 0) flatten(value as Record<string, unknown>, `${prefix}${name}.`, into);
    else into.push({ name: prefix + name, value: asText(value) });
  }
}

/** fieldsOf lists what a record has beside its time, message and id, in a steady order. */
export function fieldsOf(record: LogRecord): RecordField[] {
  const fields: RecordField[] = [];
  for (const name of ["level", "service", "instance_id", "trace_id", "span_id"]) {
    const value = ownValue(record, name);
    if (value) fields.push({ name, value });
  }
  const byName = (a: [string, unknown], b: [string, unknown]) => (a[0] < b[0] ? -1 : 1);
  for (const [name, value] of Object.entries(record.labels ?? {}).toSorted(byName)) fields.push({ name: shortName(`labels.${name}`), value });
  const members: RecordField[] = [];
  if (record.json) flatten(record.json, "", members);
  const labels = new Set(fields.map((field) => field.name));
  for (const { name, value } of members) fields.push({ name: labels.has(name) ? `json.${name}` : shortName(`json.${name}`), value });
  return fields.filter((field) => field.value !== "");
}

/** namesIn lists the names of fields in some records, with how many of them have each. */
export function namesIn(records: Iterable<LogRecord>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of records) {
    for (const { name } of fieldsOf(record)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** isNumber says whether the language compares the value as a number. */
export function isNumber(value: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(value);
}
