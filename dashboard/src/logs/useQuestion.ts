// What the page asks the server: the filter and the times of the address, from a place to begin.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import type { Span } from "./api";
import { conditionText } from "./edit";
import type { Start } from "./list";
import { plusNanos, sortKey } from "./moment";
import type { AroundRef, LogsSearch, Order } from "./search";

export interface Question {
  query: string;
  /** The times that lines are taken from. */
  span: Span;
  order: Order;
  start: Start;
  /** The query is asked without the page's filter, around one line. */
  around: boolean;
}

/** Lines may be ahead of this browser's clock. */
const ahead = 10 * 60_000;
const around = 7 * 86_400 * 1e9;

/** aroundQuery finds what the same service and instance wrote. */
export function aroundQuery({ service, instance }: AroundRef): string {
  return [["service", service], ["instance_id", instance]].map(([name = "", value = ""]) => conditionText(name, [value])).join(" ");
}

interface QuestionState {
  question: Question;
  /** from the range of the page, in Unix milliseconds, as it was when it was asked. */
  from: number;
  to: number;
  /** ask does the search again, from a place to begin or as at first. */
  ask: (start?: Start) => void;
}

/**
 * useQuestion asks anew when the filter or the times change, and when the page is refreshed,
 * unless `hold` says that somebody reads.
 */
export function useQuestion(search: LogsSearch, hold: () => boolean, onHeld: () => void): QuestionState {
  const { range, live, epoch } = usePageTime();
  const aroundKey = search.around && JSON.stringify(search.around);
  const key = JSON.stringify([search.query, range.from, range.to, search.order, aroundKey]);
  const [linked] = useState(() => ({ key, line: search.line }));
  const [asked, setAsked] = useState<{ n: number; key: string; start: Start | undefined }>({ n: 0, key, start: linked.line });

  const ask = useCallback((start?: Start) => setAsked((before) => ({ n: before.n + 1, key, start })), [key]);

  const seen = useRef(epoch);
  useEffect(() => {
    if (seen.current === epoch) return;
    seen.current = epoch;
    if (hold()) onHeld();
    else ask();
  }, [epoch, ask, hold, onHeld]);

  const usual: Start = search.order === "asc" && !live ? "oldest" : "newest";
  const begin = useRef(usual);
  begin.current = usual;
  return useMemo(() => {
    const now = Date.now();
    const { from, to } = resolve(range, now) ?? { from: now - 300_000, to: now };
    const iso = (millis: number) => new Date(millis).toISOString();
    if (search.around) {
      const { time } = search.around;
      const span = { from: plusNanos(time, -around), to: plusNanos(time, around) };
      return { question: { query: aroundQuery(search.around), span, order: search.order, start: search.around, around: true }, from, to, ask };
    }
    const span = { from: iso(from), to: iso(range.to.trim() === "now" ? to + ahead : to) };
    const wanted = asked.key === key ? asked.start : undefined;
    const start = typeof wanted === "object" && (sortKey(wanted.time) < sortKey(span.from) || sortKey(wanted.time) >= sortKey(span.to)) ? undefined : wanted;
    return { question: { query: search.query, span, order: search.order, start: start ?? begin.current, around: false }, from, to, ask };
    // The key stands for all that is read of the search and the range.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [key, asked, ask]);
}
