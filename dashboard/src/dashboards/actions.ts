// What can be done with whole dashboards, from the list and from a dashboard's page: each ends
// with the cached answers being right.

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";

import { createDashboard, dashboardQuery, dashboardsQuery, deleteDashboard, getDashboard, type DashboardDocument } from "../api/dashboards";
import { dashboardLink } from "../links";
import { newDocument, withoutHistory } from "./document";

/** download gives a text to the browser as a file. */
export function download(name: string, text: string, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click is done.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const asJSON = (document: unknown) => `${JSON.stringify(document, undefined, 2)}\n`;

/** exportDashboard downloads a document in Perses' shape. */
export function exportDashboard(document: DashboardDocument): void {
  download(`${document.metadata.name || "dashboard"}.json`, asJSON(document));
}

export function useDashboardActions() {
  const client = useQueryClient();
  const router = useRouter();
  return useMemo(() => {
    /** Takes a document that the server answered with as the newest. */
    const keep = (document: DashboardDocument) => {
      client.setQueryData(dashboardQuery(document.metadata.name).queryKey, document);
      void client.invalidateQueries({ queryKey: dashboardsQuery.queryKey });
      void client.invalidateQueries({ queryKey: ["dashboard", document.metadata.name, "versions"] });
      return document;
    };
    const create = async (document: DashboardDocument) => keep(await createDashboard(document));
    return {
      keep,
      create,
      createEmpty: (name: string) => create(newDocument(name)),
      duplicate: async (id: string, name?: string) => {
        const document = await getDashboard(id);
        const copy = withoutHistory(document);
        copy.spec.display = { ...copy.spec.display, name: name ?? `${document.spec.display.name} copy` };
        return create(copy);
      },
      remove: async (id: string) => {
        await deleteDashboard(id);
        client.removeQueries({ queryKey: ["dashboard", id] });
        await client.invalidateQueries({ queryKey: dashboardsQuery.queryKey });
      },
      open: (id: string, edit = false) => router.history.push(dashboardLink(id) + (edit ? "?edit=on" : "")),
    };
  }, [client, router]);
}
