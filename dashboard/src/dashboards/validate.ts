// Checks a document that somebody wrote as code, and says at which place something is wrong. The
// server checks again, more closely, when it is saved.

import type { DashboardDocument } from "../api/dashboards";
import { columns, kinds } from "./document";

export interface Fault {
  /** The place, such as spec.panels.cpu.spec.plugin.kind. */
  path: string;
  message: string;
}

type Faults = Fault[];
type Thing = Record<string, unknown>;

const isObject = (value: unknown): value is Thing => typeof value === "object" && value !== null && !Array.isArray(value);

function objectAt(value: unknown, path: string, faults: Faults): Thing | undefined {
  if (isObject(value)) return value;
  faults.push({ path, message: value === undefined ? "is missing" : "must be an object" });
  return undefined;
}

function listAt(value: unknown, path: string, faults: Faults): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  faults.push({ path, message: "must be a list" });
  return [];
}

function textAt(value: unknown, path: string, faults: Faults, needed = true): void {
  if (value === undefined && !needed) return;
  if (typeof value !== "string" || (needed && value.trim() === "")) faults.push({ path, message: value === undefined ? "is missing" : "must be a text" });
}

function kindAt(value: unknown, path: string, allowed: readonly string[], faults: Faults): void {
  if (typeof value !== "string" || !allowed.includes(value)) faults.push({ path, message: `must be ${allowed.map((one) => `"${one}"`).join(" or ")}` });
}

function checkPanel(panel: unknown, path: string, faults: Faults): void {
  const thing = objectAt(panel, path, faults);
  if (!thing) return;
  kindAt(thing["kind"], `${path}.kind`, ["Panel"], faults);
  const spec = objectAt(thing["spec"], `${path}.spec`, faults);
  if (!spec) return;
  const display = objectAt(spec["display"] ?? {}, `${path}.spec.display`, faults);
  if (display) textAt(display["name"], `${path}.spec.display.name`, faults, false);
  const plugin = objectAt(spec["plugin"], `${path}.spec.plugin`, faults);
  if (plugin) textAt(plugin["kind"], `${path}.spec.plugin.kind`, faults);
  listAt(spec["queries"], `${path}.spec.queries`, faults).forEach((query, i) => checkQuery(query, `${path}.spec.queries[${i}]`, faults));
}

function checkQuery(query: unknown, path: string, faults: Faults): void {
  const thing = objectAt(query, path, faults);
  if (!thing) return;
  textAt(thing["kind"], `${path}.kind`, faults);
  const spec = objectAt(thing["spec"], `${path}.spec`, faults);
  const plugin = spec && objectAt(spec["plugin"], `${path}.spec.plugin`, faults);
  if (!plugin) return;
  textAt(plugin["kind"], `${path}.spec.plugin.kind`, faults);
  const settings = objectAt(plugin["spec"], `${path}.spec.plugin.spec`, faults);
  if (settings && typeof settings["query"] !== "string") faults.push({ path: `${path}.spec.plugin.spec.query`, message: "must be a text" });
}

function checkItem(item: unknown, path: string, panels: Thing, faults: Faults): void {
  const thing = objectAt(item, path, faults);
  if (!thing) return;
  for (const [name, least, most] of [["x", 0, columns - 1], ["y", 0, 10_000], ["width", 1, columns], ["height", 1, 1000]] as const) {
    const value = thing[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) faults.push({ path: `${path}.${name}`, message: `must be a whole number from ${least} to ${most}` });
  }
  const content = objectAt(thing["content"], `${path}.content`, faults);
  if (!content) return;
  const ref = content["$ref"];
  const key = typeof ref === "string" && ref.startsWith("#/spec/panels/") ? ref.slice("#/spec/panels/".length) : undefined;
  if (key === undefined) faults.push({ path: `${path}.content.$ref`, message: 'must be "#/spec/panels/" and the key of a panel' });
  else if (!Object.hasOwn(panels, key)) faults.push({ path: `${path}.content.$ref`, message: `refers to the panel "${key}", which is not in spec.panels` });
}

function checkVariable(variable: unknown, path: string, seen: Set<string>, faults: Faults): void {
  const thing = objectAt(variable, path, faults);
  if (!thing) return;
  kindAt(thing["kind"], `${path}.kind`, ["ListVariable", "TextVariable"], faults);
  const spec = objectAt(thing["spec"], `${path}.spec`, faults);
  if (!spec) return;
  const name = spec["name"];
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name)) faults.push({ path: `${path}.spec.name`, message: "must be a name of letters, digits and underscores" });
  else if (seen.has(name)) faults.push({ path: `${path}.spec.name`, message: `"${name}" is there twice` });
  else seen.add(name);
  if (thing["kind"] === "ListVariable") {
    const plugin = objectAt(spec["plugin"], `${path}.spec.plugin`, faults);
    if (plugin) textAt(plugin["kind"], `${path}.spec.plugin.kind`, faults);
  }
}

/** validateDocument lists what is wrong; an empty list means that the document can be shown. */
export function validateDocument(value: unknown): Fault[] {
  const faults: Faults = [];
  const document = objectAt(value, "the document", faults);
  if (!document) return faults;
  kindAt(document["kind"], "kind", ["Dashboard"], faults);
  const spec = objectAt(document["spec"], "spec", faults);
  if (!spec) return faults;
  const display = objectAt(spec["display"], "spec.display", faults);
  if (display) textAt(display["name"], "spec.display.name", faults);
  listAt(spec["tags"], "spec.tags", faults).forEach((tag, i) => textAt(tag, `spec.tags[${i}]`, faults));
  const panels = objectAt(spec["panels"] ?? {}, "spec.panels", faults) ?? {};
  for (const [key, panel] of Object.entries(panels)) checkPanel(panel, `spec.panels.${key}`, faults);
  const seen = new Set<string>();
  listAt(spec["variables"], "spec.variables", faults).forEach((variable, i) => checkVariable(variable, `spec.variables[${i}]`, seen, faults));
  listAt(spec["layouts"], "spec.layouts", faults).forEach((layout, i) => {
    const section = objectAt(layout, `spec.layouts[${i}]`, faults);
    if (!section) return;
    kindAt(section["kind"], `spec.layouts[${i}].kind`, ["Grid"], faults);
    const inner = objectAt(section["spec"], `spec.layouts[${i}].spec`, faults);
    if (inner) listAt(inner["items"], `spec.layouts[${i}].spec.items`, faults).forEach((item, k) => checkItem(item, `spec.layouts[${i}].spec.items[${k}]`, panels, faults));
  });
  return faults;
}

/** readDocument reads code: the document, or what is wrong with it and where. */
export function readDocument(text: string): { document: DashboardDocument } | { faults: Fault[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { faults: [{ path: "JSON", message: error instanceof Error ? error.message : String(error) }] };
  }
  const faults = validateDocument(value);
  return faults.length > 0 ? { faults } : { document: value as DashboardDocument };
}

/** unknownKinds lists panels that are kept but can't be drawn. */
export function unknownKinds(document: DashboardDocument): string[] {
  const known = new Set<string>(kinds.map(({ kind }) => kind));
  return Object.entries(document.spec.panels).flatMap(([key, panel]) => (known.has(panel.spec.plugin.kind) ? [] : [key]));
}
