// What stands in place of the lines: that there are none, and why, or what went wrong.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { ApiError } from "../api/client";
import { presets, type TimeRange } from "../time/range";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageLink } from "../ui/PageLink";
import { countLines, type Span } from "./api";
import { pillsOf, removePill } from "./edit";
import classes from "./LogsPage.module.css";
import type { LogList } from "./list";
import type { LogsSearch } from "./search";

/** How long a search may take before the page says so. */
const patience = 3000;

interface NotShownProps {
  list: LogList;
  onRetry: () => void;
}

export function NotShown({ list, onRetry }: NotShownProps) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), patience);
    return () => clearTimeout(timer);
  }, [list]);
  if (list.status === "cancelled") {
    return (
      <Place>
        <EmptyState title="The search was cancelled" action={<Button size="xs" onClick={onRetry}>Search again</Button>}>
          A shorter time range, or a filter on service or level, makes it faster.
        </EmptyState>
      </Place>
    );
  }
  if (list.status === "failed" && list.error) {
    const wrong = list.error instanceof ApiError && list.error.status === 400;
    return (
      <Place>
        {wrong ? (
          <EmptyState title="The filter can't be read">It {list.error.message.replace(/\.$/, "")}. {list.error instanceof ApiError && list.error.fix ? `To fix it: ${list.error.fix}.` : ""}</EmptyState>
        ) : (
          <Failure title="The lines can't be loaded" error={list.error} onRetry={onRetry} />
        )}
      </Place>
    );
  }
  return (
    <Place>
      <Loading rows={12} label="Searching" />
      {slow && (
        <p className={classes.slow} role="status">
          Still searching.{" "}
          <Button size="compact-xs" variant="default" onClick={() => list.cancel()}>
            Cancel
          </Button>
        </p>
      )}
    </Place>
  );
}

const Place = ({ children }: { children: ReactNode }) => <div className={classes.place}>{children}</div>;

interface NoLinesProps {
  search: LogsSearch;
  span: Span;
  range: TimeRange;
  live: boolean;
  onQuery: (query: string) => void;
  onRange: (range: TimeRange) => void;
  onBack: () => void;
}

export function NoLines({ search, span, range, live, onQuery, onRange, onBack }: NoLinesProps) {
  const unfiltered = useQuery({
    queryKey: ["logs", "count", span.from, span.to],
    queryFn: ({ signal }) => countLines("", span, signal),
    gcTime: 30_000,
    retry: 1,
  });
  const ever = useQuery({
    queryKey: ["logs", "ever", span.to],
    queryFn: ({ signal }) => countLines("", { from: new Date(Date.parse(span.to) - 30 * 86_400_000).toISOString(), to: span.to }, signal),
    enabled: unfiltered.data === 0,
    gcTime: 30_000,
    retry: 1,
  });
  if (search.around) {
    return (
      <Place>
        <EmptyState title="The line is gone" action={<Button size="xs" onClick={onBack}>Back to the search</Button>}>
          Its service has no lines around that time any more: retention or a deletion took them.
        </EmptyState>
      </Place>
    );
  }
  const widen = <Widen range={range} onRange={onRange} />;
  if (search.query !== "" && unfiltered.data !== 0) {
    return (
      <Place>
        <EmptyState title="No line matches" action={<>{widen}<Drop query={search.query} onQuery={onQuery} /></>}>
          {unfiltered.data === undefined ? "" : `This time range has ${unfiltered.data.toLocaleString("en")} ${unfiltered.data === 1 ? "line" : "lines"} without the filter. `}
          {live ? "New lines that match appear here as they come." : "Words match whole and with their case: i(word) ignores it, word* matches beginnings."}
        </EmptyState>
      </Place>
    );
  }
  if (ever.data === 0) {
    return (
      <Place>
        <EmptyState title="No logs yet" action={<PageLink href="/send">Send data</PageLink>}>
          Nothing has sent a log line in the last 30 days. {live ? "The first one appears here as it comes." : ""}
        </EmptyState>
      </Place>
    );
  }
  return (
    <Place>
      <EmptyState title="No lines in this time range" action={widen}>
        {ever.data === undefined ? "" : `The 30 days up to its end have ${ever.data.toLocaleString("en")} lines.`}
      </EmptyState>
    </Place>
  );
}

/** Widen offers longer time ranges than the one that is shown. */
function Widen({ range, onRange }: { range: TimeRange; onRange: (range: TimeRange) => void }) {
  const at = presets.findIndex((preset) => range.to === "now" && preset.from === range.from);
  const longer = presets.slice(at < 0 ? 2 : at + 1).filter((_, i) => i % 2 === 0).slice(0, 3);
  return (
    <>
      {longer.map((preset) => (
        <Button key={preset.from} size="xs" variant="default" onClick={() => onRange({ from: preset.from, to: "now" })}>
          {preset.label}
        </Button>
      ))}
    </>
  );
}

/** Drop offers the filter without one of its conditions. */
function Drop({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const pills = pillsOf(query);
  if (pills.length < 2) {
    return (
      <Button size="xs" variant="default" onClick={() => onQuery("")}>
        Without the filter
      </Button>
    );
  }
  return (
    <>
      {pills.slice(0, 5).map((pill) => (
        <Button key={pill.start} size="xs" variant="default" onClick={() => onQuery(removePill(query, pill))}>
          Without {pill.text.length > 40 ? `${pill.text.slice(0, 40)}…` : pill.text}
        </Button>
      ))}
    </>
  );
}
