// Follows what is being written. Lines are gathered and put into the list once a frame; while
// somebody reads they wait, up to a bound, and are only counted beyond it.

import { useCallback, useEffect, useRef, useState } from "react";

import { useSocket } from "../live/context";
import type { LogRecord } from "../api/types";
import type { LogList } from "./list";
import { emptyTail, receive, type TailState } from "./tail";

export interface Tail {
  /** Lines that came since somebody began to read. */
  waiting: number;
  /** Lines that the server or this page left out, for they came too fast. */
  missed: number;
  error: string | undefined;
  /** More came than is kept. */
  overflowed: boolean;
  /** resume shows what waits; false when too much was left out, and the search must be done again. */
  resume: () => boolean;
  forgetMissed: () => void;
}

interface Options {
  list: LogList;
  query: string;
  live: boolean;
  /** Lines are taken in as they come; otherwise they wait. */
  following: boolean;
  mostRows: number;
}

const catchUpAfter = 1000;

const nothing = { waiting: 0, missed: 0, error: undefined as string | undefined, overflowed: false };

export function useTail({ list, query, live, following, mostRows }: Options): Tail {
  const socket = useSocket();
  const state = useRef<TailState>(emptyTail());
  const current = useRef({ list, following, mostRows });
  current.current = { list, following, mostRows };
  const [shown, setShown] = useState(nothing);

  const flush = useCallback(() => {
    const { list: into, following: takes, mostRows: most } = current.current;
    const tail = state.current;
    if (takes && into.status === "ready" && tail.dropped === 0) {
      const records = tail.pending;
      tail.pending = [];
      if (records.length > 0) into.addLive(records, most);
    }
    const waiting = tail.pending.length + tail.dropped;
    const { missed, error } = tail;
    setShown((before) => (before.waiting === waiting && before.missed === missed && before.error === error ? before : { waiting, missed, error, overflowed: tail.dropped > 0 }));
  }, []);

  useEffect(() => {
    state.current = emptyTail();
    setShown(nothing);
    if (!live) return undefined;
    let frame = 0;
    const unsubscribe = socket.subscribe({ kind: "logs", query }, (message) => {
      if (message.type === "metrics") return;
      if (message.type === "error") state.current.error = message.error.detail;
      else receive(state.current, (message.logs ?? []) as LogRecord[], message.missed ?? 0);
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        flush();
      });
    });
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
    };
  }, [socket, live, query, list, flush]);

  // What came while the first search was on its way, or while somebody read.
  const status = list.status;
  useEffect(() => {
    if (following) flush();
  }, [following, status, flush]);

  // Once the tail surely runs. A list that is read stays as it is.
  useEffect(() => {
    if (!live || status !== "ready") return undefined;
    const timer = setTimeout(() => {
      if (current.current.following) void current.current.list.catchUp(current.current.mostRows);
    }, catchUpAfter);
    return () => clearTimeout(timer);
  }, [live, status, list]);

  const resume = useCallback(() => {
    if (state.current.dropped > 0) return false;
    current.current.following = true;
    flush();
    return true;
  }, [flush]);
  const forgetMissed = useCallback(() => {
    state.current.missed = 0;
    flush();
  }, [flush]);
  return { ...shown, resume, forgetMissed };
}
