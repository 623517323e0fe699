// The filter language of logs for a panel's query: fields and values are those of the last hour.

import type { Extension } from "@codemirror/state";

import { fetchFields, fetchValues } from "../../logs/api";
import type { FieldSource } from "../../logs/language";

function lastHour(): { from: string; to: string } {
  const now = Date.now();
  return { from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString() };
}

const source: FieldSource = {
  fields: async () => (await fetchFields("*", lastHour(), [], 1, new AbortController().signal)).map(({ name }) => name),
  values: (field) => fetchValues("*", lastHour(), field, 50, new AbortController().signal),
};

/** loadLogFilter is the language for QueryEditor; one for the page, as editors expect. */
export const loadLogFilter = (): Promise<Extension> => import("../../logs/language").then(({ logFilter }) => logFilter(source));
