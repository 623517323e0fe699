// Dashboards: documents in the shape of Perses, their versions, and import from elsewhere.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";

export interface DashboardSummary {
  id: string;
  name: string;
  description?: string;
  tags?: string[] | null;
  /** It came with the program: it can be copied, not changed. */
  builtin?: boolean;
  version: number;
  updated_at?: string;
  updated_by?: string;
  /** How many panels it has. */
  panels?: number;
}

export interface Display {
  name?: string;
  description?: string;
  hidden?: boolean;
}

export interface VariablePlugin {
  kind: string;
  spec: { labelName?: string; matchers?: string[]; values?: (string | { value: string; label?: string })[] };
}

export interface ListVariable {
  kind: "ListVariable";
  spec: {
    name: string;
    display?: Display;
    allowMultiple?: boolean;
    allowAllValue?: boolean;
    customAllValue?: string;
    sort?: string;
    defaultValue?: string | string[];
    plugin: VariablePlugin;
  };
}

export interface TextVariable {
  kind: "TextVariable";
  spec: { name: string; display?: Display; value: string; constant?: boolean };
}

export type Variable = ListVariable | TextVariable;

export interface PanelQuery {
  kind: string;
  spec: { plugin: { kind: string; spec: { query: string; seriesNameFormat?: string; minStep?: string; [other: string]: unknown } } };
}

export interface PanelPlugin {
  kind: string;
  spec: Record<string, unknown>;
}

export interface Panel {
  kind: "Panel";
  spec: { display: Display; plugin: PanelPlugin; queries?: PanelQuery[] };
}

export interface GridItem {
  x: number;
  y: number;
  width: number;
  height: number;
  content: { $ref: string };
}

export interface GridSection {
  kind: "Grid";
  spec: { display?: { title?: string; collapse?: { open?: boolean } }; items: GridItem[] };
}

export interface DashboardSpec {
  display: { name: string; description?: string };
  tags?: string[];
  duration?: string;
  refreshInterval?: string;
  variables?: Variable[];
  panels: Record<string, Panel>;
  layouts: GridSection[];
}

export interface DashboardMetadata {
  name: string;
  /** Counts the versions; what is saved over must still have the version that was opened. */
  version?: number;
  createdAt?: string;
  updatedAt?: string;
  updatedBy?: string;
  builtin?: boolean;
}

export interface DashboardDocument {
  kind: "Dashboard";
  metadata: DashboardMetadata;
  spec: DashboardSpec;
}

export interface DashboardVersion {
  version: number;
  updated_at: string;
  updated_by?: string;
  message?: string;
}

export interface ImportLine {
  panel: string;
  status: "carried" | "partly" | "dropped";
  message?: string;
}

export interface ImportResult {
  dashboard: DashboardDocument;
  report: ImportLine[] | null;
}

const path = (id: string, ...more: string[]) => ["/v1/dashboards", id, ...more].map((part, i) => (i === 0 ? part : encodeURIComponent(part))).join("/");

export const dashboardsQuery = queryOptions({
  queryKey: ["dashboards"],
  queryFn: async ({ signal }) => (await request<{ dashboards: DashboardSummary[] | null }>("/v1/dashboards", { signal })).dashboards ?? [],
});

export const dashboardQuery = (id: string) =>
  queryOptions({
    queryKey: ["dashboard", id],
    queryFn: ({ signal }) => getDashboard(id, signal),
    staleTime: Infinity,
  });

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ["dashboard", id, "versions"],
    queryFn: ({ signal }) => listVersions(id, signal),
  });

export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ["dashboard", id, "versions", version],
    queryFn: ({ signal }) => request<DashboardDocument>(path(id, "versions", String(version)), { signal }),
    staleTime: Infinity,
  });

/** listVersions works for a deleted dashboard too, for a while: restoring a version brings it back. */
export async function listVersions(id: string, signal?: AbortSignal): Promise<DashboardVersion[]> {
  return (await request<{ versions: DashboardVersion[] | null }>(path(id, "versions"), signal ? { signal } : {})).versions ?? [];
}

export function getDashboard(id: string, signal?: AbortSignal): Promise<DashboardDocument> {
  return request<DashboardDocument>(path(id), signal ? { signal } : {});
}

export function createDashboard(document: DashboardDocument): Promise<DashboardDocument> {
  return request<DashboardDocument>("/v1/dashboards", { method: "POST", body: document });
}

/** saveDashboard puts a new version; 409 when somebody else has saved one in the meantime. */
export function saveDashboard(document: DashboardDocument, message?: string): Promise<DashboardDocument> {
  const search = message ? `?${new URLSearchParams({ message }).toString()}` : "";
  return request<DashboardDocument>(path(document.metadata.name) + search, { method: "PUT", body: document });
}

export function deleteDashboard(id: string): Promise<void> {
  return request<void>(path(id), { method: "DELETE" });
}

export function restoreVersion(id: string, version: number): Promise<DashboardDocument> {
  return request<DashboardDocument>(path(id, "versions", String(version), "restore"), { method: "POST" });
}

/** importDashboard reads a document of Perses or Grafana; a dry run only says what would come of it. */
export function importDashboard(document: unknown, dryRun: boolean): Promise<ImportResult> {
  return request<ImportResult>("/v1/dashboards/import", { method: "POST", body: { document, dry_run: dryRun } });
}
