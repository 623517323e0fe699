// The lines of a search, for React: a new list for each question, the one before it shown until
// the new one has something to show.

import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { fetchPage, type Span } from "./api";
import { LogList, type Start } from "./list";
import type { Order } from "./search";

interface Question {
  query: string;
  span: Span;
  order: Order;
  start: Start;
}

interface ListState {
  /** What is drawn. */
  list: LogList;
  /** What was asked for last: the same, or still on its way. */
  asked: LogList;
}

/** useLogList asks whenever the question changes. Questions are compared by identity. */
export function useLogList(question: Question): ListState {
  const { query, span, order, start } = question;
  const asked = useMemo(
    () => new LogList({ fetch: (request, signal) => fetchPage(query, request, signal), span, order, start }),
    [query, span, order, start],
  );
  useEffect(() => {
    void asked.begin();
    return () => asked.dispose();
  }, [asked]);
  useSyncExternalStore(asked.subscribe, asked.getVersion);

  const [shown, setShown] = useState(asked);
  const last = useRef(asked.status);
  last.current = asked.status;
  const list = asked.status === "loading" && shown.order === asked.order && shown.rows.count > 0 ? shown : asked;
  useEffect(() => {
    if (asked.status !== "loading") setShown(asked);
  }, [asked, asked.status]);
  return { list, asked };
}
