// Loaders of languages, for pages that show an editor without waiting for its language.

import type { Extension } from "@codemirror/state";

/** loadPromql is PromQL for QueryEditor's `language`. */
export const loadPromql = (): Promise<Extension> => import("./promql").then(({ promql }) => promql());
