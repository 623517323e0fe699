// Metrics: queries in PromQL or from the builder, one chart of all of them, and where to begin
// when there is none yet.

import { useCallback, useMemo, useRef } from "react";

import type { EditorHandle } from "../editor/QueryEditor";
import { PageTitle } from "../shell/title";
import { useShortcut } from "../ui/shortcuts";
import { Browse } from "./Browse";
import classes from "./MetricsPage.module.css";
import { QueryList } from "./QueryList";
import { ResultPanel } from "./ResultPanel";
import { useCatalogue } from "./useCatalogue";
import { useMetricsPage } from "./useMetricsPage";
import { useResults } from "./useResults";
import { useWidth } from "./useWidth";

export function MetricsPage() {
  const page = useMetricsPage();
  const asked = page.queries.some((query) => query.text !== "");
  const catalogue = useCatalogue(asked ? undefined : page.service);
  const first = useRef<EditorHandle>(null);
  const [frame, pixels] = useWidth();

  const { metadata } = catalogue;
  const metadataUnit = useCallback((name: string) => (metadata[name] ?? metadata[name.replace(/_(?:total|sum|count|bucket)$/, "")])?.find((one) => one.unit !== "")?.unit ?? "", [metadata]);
  const results = useResults(page, metadataUnit, pixels);

  useShortcut("e", "Go to the first query", () => first.current?.focus());
  useShortcut("a", "Add a query", page.add);
  const title = useMemo(() => page.queries.find((query) => query.text !== "")?.text ?? "", [page.queries]);

  return (
    <div ref={frame} className={classes.page}>
      <PageTitle text={title === "" ? "Metrics" : `${title.slice(0, 60)} · Metrics`}>Metrics</PageTitle>
      <QueryList page={page} results={results.results} catalogue={catalogue} first={first} />
      {asked ? <ResultPanel page={page} results={results} catalogue={catalogue} /> : <Browse state={page} catalogue={catalogue} />}
    </div>
  );
}
