// What stands between the queries and the chart: nothing found and why, more than is shown, slow,
// stopped, or the server away.

import { Button } from "@mantine/core";

import { largestLimit } from "../query/useRangeQueries";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { PartialNotice } from "../ui/PartialNotice";
import { nearestNames } from "./catalogue";
import { letterOf, type QueryEntry } from "./search";
import { metricsIn } from "./units";
import type { Catalogue } from "./useCatalogue";
import type { MetricsPageState } from "./useMetricsPage";
import { useSlow, type Results } from "./useResults";
import classes from "./Results.module.css";

export function Notices({ page, results, catalogue }: { page: MetricsPageState; results: Results; catalogue: Catalogue }) {
  const slow = useSlow(results.fetching && results.loading);
  const capped = results.results.filter((result) => result.query !== "" && result.totalSeries > result.frame.series.length && result.frame.series.length > 0);
  return (
    <>
      {results.outage && <Failure error={results.outage} onRetry={results.refetch} title="The queries can't be answered" />}
      {slow && (
        <PartialNotice
          action={
            <Button size="compact-xs" variant="default" onClick={results.cancel}>
              Cancel
            </Button>
          }
        >
          This takes a while. A shorter time range, a filter or fewer series make it faster.
        </PartialNotice>
      )}
      {results.cancelled && (
        <PartialNotice
          action={
            <Button size="compact-xs" variant="default" onClick={results.refetch}>
              Run again
            </Button>
          }
        >
          Cancelled. What is shown may be older, or nothing.
        </PartialNotice>
      )}
      {capped.map((result) => (
        <PartialNotice
          key={result.key}
          action={
            result.limit < largestLimit ? (
              <Button size="compact-xs" variant="default" onClick={results.showMore}>
                Show more
              </Button>
            ) : undefined
          }
        >
          {page.queries.length > 1 ? `Query ${result.key}: showing` : "Showing"} {result.frame.series.length} of {result.totalSeries.toLocaleString("en")} series, those with the largest values.
          {result.limit >= largestLimit && " No chart shows more; join them by a label, or filter them."}
        </PartialNotice>
      ))}
      {results.ownUnit === undefined && page.view !== "values" && page.unit === undefined && results.series.length > 0 && (
        <PartialNotice>The queries have different units, which one axis can't show. Hide some of them, or choose a unit for all.</PartialNotice>
      )}
      {results.results.map((result, i) => {
        const entry = page.queries[i];
        if (!entry || entry.hidden || entry.text === "" || result.loading || result.error || results.cancelled || result.frame.series.length > 0) return null;
        return <NoData key={result.key} index={i} entry={entry} page={page} catalogue={catalogue} alone={results.series.length === 0} />;
      })}
    </>
  );
}

interface NoDataProps {
  index: number;
  entry: QueryEntry;
  page: MetricsPageState;
  catalogue: Catalogue;
  /** There is nothing else to show. */
  alone: boolean;
}

/** NoData says what is missing: the metric, or series that the query lets through. */
function NoData({ index, entry, page, catalogue, alone }: NoDataProps) {
  const named = metricsIn(entry.text);
  const unknown = catalogue.loading ? [] : named.filter((name) => !catalogue.names.includes(name));
  const title = page.queries.length > 1 ? `Query ${letterOf(index)} has no data` : "No data in this time range";
  const why =
    unknown.length > 0
      ? unknown.map((name) => (
          <span key={name} className={classes.unknown}>
            No series is called <code>{name}</code> in this time range. <Proposals name={name} names={catalogue.names} onPick={(other) => page.run(index, replaceName(entry.text, name, other))} />
          </span>
        ))
      : noneLeft(named);
  if (alone) return <EmptyState title={title}>{why}</EmptyState>;
  return (
    <PartialNotice>
      {title}. {why}
    </PartialNotice>
  );
}

function noneLeft(named: readonly string[]) {
  if (named.length === 0) return "No series matches the query. Look at its filters, or choose a longer time range.";
  return (
    <span className={classes.unknown}>
      <code>{named.join(", ")}</code> {named.length === 1 ? "has" : "have"} series in this time range, but the query lets none of them through. Look at its filters; a rate needs at least two samples in its window.
    </span>
  );
}

function Proposals({ name, names, onPick }: { name: string; names: readonly string[]; onPick: (name: string) => void }) {
  const near = nearestNames(name, names);
  if (near.length === 0) return <>Nothing is called alike; choose a longer time range, or look through the list of metrics.</>;
  return (
    <>
      Did you mean{" "}
      {near.map((other) => (
        <button key={other} type="button" className={classes.proposal} onClick={() => onPick(other)}>
          {other}
        </button>
      ))}
    </>
  );
}

/** replaceName puts another metric in the place of one, where the name stands as a whole. */
export function replaceName(text: string, name: string, other: string): string {
  return text.replaceAll(/[A-Za-z_:][\w:]*/g, (word) => (word === name ? other : word));
}
