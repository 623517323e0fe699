// What a dashboard's address holds beside the time: the values of variables, the panel that is
// shown alone, whether it is being edited, which version, and which sections were folded.

import type { PageSearch, SearchChanges } from "../useChangeSearch";

export interface DashboardSearch {
  /** The panel that is shown alone. */
  panel?: string;
  editing: boolean;
  /** An older version, to look at. */
  version?: number;
  /** Sections that are not as the document says: folded, or unfolded. */
  toggled: number[];
  variables: Record<string, string[]>;
}

/** A comma parts values, so one inside a value is escaped. */
export function writeValues(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\,]/g, "\\$&")).join(",");
}

export function readValues(text: string): string[] {
  const values: string[] = [];
  let value = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && i + 1 < text.length) {
      i += 1;
      value += text[i];
    } else if (text[i] === ",") {
      values.push(value);
      value = "";
    } else {
      value += text[i];
    }
  }
  return [...values, value];
}

const prefix = "var-";

export function parseDashboardSearch(search: PageSearch): DashboardSearch {
  const variables: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(search)) {
    if (name.startsWith(prefix) && name !== prefix && value !== undefined) variables[name.slice(prefix.length)] = readValues(value);
  }
  const version = /^\d{1,9}$/.test(search["version"] ?? "") ? Number(search["version"]) : undefined;
  const toggled = (search["sections"] ?? "").split(".").filter((part) => /^\d{1,4}$/.test(part)).map(Number);
  return {
    ...(search["panel"] ? { panel: search["panel"] } : {}),
    editing: search["edit"] === "on",
    ...(version !== undefined && version > 0 ? { version } : {}),
    toggled: [...new Set(toggled)],
    variables,
  };
}

export const variableChange = (name: string, values: readonly string[] | undefined): SearchChanges => ({ [prefix + name]: values === undefined || values.length === 0 ? undefined : writeValues(values) });
export const panelChange = (key: string | undefined): SearchChanges => ({ panel: key });
export const editChange = (on: boolean): SearchChanges => ({ edit: on ? "on" : undefined, panel: undefined, version: undefined });
export const versionChange = (version: number | undefined): SearchChanges => ({ version: version === undefined ? undefined : String(version), edit: undefined });
export const sectionsChange = (toggled: readonly number[]): SearchChanges => ({ sections: toggled.length === 0 ? undefined : toggled.toSorted((a, b) => a - b).join(".") });

/** What the list of dashboards is narrowed to. */
export interface ListSearch {
  text: string;
  tag?: string;
  /** The dashboard that was just deleted. */
  deleted?: string;
}

export function parseListSearch(search: PageSearch): ListSearch {
  return { text: search["q"] ?? "", ...(search["tag"] ? { tag: search["tag"] } : {}), ...(search["deleted"] ? { deleted: search["deleted"] } : {}) };
}
