// Log searches that people keep: a name, a filter, and the columns.

import { request } from "./client";
import type { Schemas } from "./types";

export type SavedSearch = Schemas["SavedSearch"];

export interface SavedSearchDraft {
  name: string;
  query: string;
  columns: string[];
}

const path = "/v1/saved-searches";

export const savedSearchesQuery = {
  queryKey: ["saved-searches"],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<SavedSearch[]> => (await request<Schemas["SavedSearchList"]>(path, { signal })).searches,
};

export function createSavedSearch(body: SavedSearchDraft): Promise<SavedSearch> {
  return request(path, { method: "POST", body });
}

export function changeSavedSearch(id: string, body: SavedSearchDraft): Promise<SavedSearch> {
  return request(`${path}/${encodeURIComponent(id)}`, { method: "PUT", body });
}

export function deleteSavedSearch(id: string): Promise<void> {
  return request(`${path}/${encodeURIComponent(id)}`, { method: "DELETE" });
}
