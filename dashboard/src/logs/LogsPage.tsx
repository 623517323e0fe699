// Log search: a filter, counts over time, fields, and the lines, which are followed while the
// page is live and nobody reads.

import { useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { LogRecord } from "../api/types";
import { PageTitle } from "../shell/title";
import { usePageTime } from "../time/context";
import { useTimeZone } from "../time/zone";
import { useCommands } from "../ui/commands";
import { useShortcut } from "../ui/shortcuts";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { AroundBar } from "./AroundBar";
import { addCondition, appendText, toggleValue, withoutField } from "./edit";
import { Details } from "./Details";
import { Facets } from "./Facets";
import { newMatcher } from "./highlight";
import { Histogram } from "./Histogram";
import { LogTable } from "./LogTable";
import classes from "./LogsPage.module.css";
import { linkToLine } from "./link";
import { Pills } from "./Pills";
import { QueryBar } from "./QueryBar";
import { logsChanges, parseLogsSearch, type LogsSearch } from "./search";
import { NoLines, NotShown } from "./States";
import { TailNotice } from "./TailNotice";
import { Toolbar } from "./Toolbar";
import { Tools } from "./Tools";
import { useFieldNames, useFieldSource } from "./useFields";
import { useFill } from "./useFill";
import { useLogList } from "./useLogList";
import { useQuestion } from "./useQuestion";
import { useTail } from "./useTail";
import { VisibleTimes } from "./visible";

/** Lines that are kept while they are followed. */
const mostFollowed = 3000;

export function LogsPage() {
  const params: PageSearch = useSearch({ strict: false });
  const search = useMemo(() => parseLogsSearch(params), [params]);
  const changeSearch = useChangeSearch();
  const change = useCallback((changes: Partial<LogsSearch>, options?: { replace?: boolean }) => changeSearch(logsChanges(changes), options), [changeSearch]);
  const { live, setRange, range } = usePageTime();
  const zone = useTimeZone();

  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(search.line ? [search.line.id] : []));
  const [atNewest, setAtNewest] = useState(true);
  const [held, setHeld] = useState(false);
  const [stale, setStale] = useState(false);
  const reading = open.size > 0 || !atNewest || held;
  const readingNow = useRef(reading);
  readingNow.current = reading;
  const hold = useCallback(() => readingNow.current, []);
  const onHeld = useCallback(() => setStale(true), []);

  const { question, from, to, ask } = useQuestion(search, hold, onHeld);
  const { list, asked } = useLogList(question);
  const tailing = live && !question.around;
  const atEnd = list.ends[list.newestSide].done;
  const following = tailing && !reading && atEnd && !stale;
  const tail = useTail({ list: asked, query: question.query, live: tailing, following, mostRows: mostFollowed });
  useEffect(() => setStale(false), [question]);

  const goNewest = useRef(() => {});
  const bindNewest = useCallback((go: () => void) => {
    goNewest.current = go;
  }, []);
  const resume = useCallback(() => {
    setHeld(false);
    setOpen(new Set());
    change({ line: undefined }, { replace: true });
    if (stale || !atEnd || !tail.resume()) ask("newest");
    else goNewest.current();
  }, [stale, atEnd, tail, ask, change]);
  // A tab in the background draws no frames: what came meanwhile may be too much to keep.
  useEffect(() => {
    if (following && tail.overflowed) ask("newest");
  }, [following, tail.overflowed, ask]);

  const [version, setVersion] = useState(0);
  useEffect(() => setVersion((n) => n + 1), [question]);
  const [total, setTotal] = useState<number>();
  const [visible] = useState(() => new VisibleTimes());

  const setQuery = useCallback((query: string) => change({ query: query.trim(), around: undefined, line: undefined }), [change]);
  const run = useCallback((query: string) => (query.trim() === search.query ? ask() : setQuery(query)), [search.query, ask, setQuery]);
  const filter = useCallback((field: string, value: string, exclude: boolean) => setQuery(toggleValue(search.query, field, value, exclude)), [search.query, setQuery]);
  const toggleColumn = useCallback(
    (name: string) => change({ columns: search.columns.includes(name) ? search.columns.filter((other) => other !== name) : [...search.columns, name] }, { replace: true }),
    [change, search.columns],
  );
  const toggleRow = useCallback(
    (record: LogRecord) => {
      const opened = !open.has(record.id);
      const next = new Set(open);
      if (opened) next.add(record.id);
      else next.delete(record.id);
      setOpen(next);
      change({ line: opened ? { time: record.time, id: record.id } : undefined }, { replace: true });
    },
    [open, change],
  );
  const showAround = useCallback(
    (record: LogRecord) => {
      setOpen(new Set());
      change({ around: { time: record.time, id: record.id, service: record.service ?? "", instance: record.instance_id ?? "" }, line: undefined });
    },
    [change],
  );

  const facets = search.facets ?? matchMedia("(min-width: 861px)").matches;
  useShortcut("f", "Fields and their values", () => change({ facets: !facets }, { replace: true }), { group: "Logs" });
  useShortcut("h", "Lines over time", () => change({ histogram: !search.histogram }, { replace: true }), { group: "Logs" });
  useShortcut("w", "Break long lines", () => change({ wrap: !search.wrap }, { replace: true }), { group: "Logs" });
  useShortcut("s", "Newest or oldest first", () => change({ order: search.order === "asc" ? "desc" : "asc" }), { group: "Logs" });
  useShortcut("p", "Hold new lines back, or follow", () => (reading || stale ? resume() : setHeld(true)), { group: "Logs", enabled: tailing });
  useShortcut("Escape", "Close the open lines, or go back to the search", () => leave(), { group: "Logs" });
  function leave() {
    if (open.size > 0) {
      setOpen(new Set());
      change({ line: undefined }, { replace: true });
    } else if (search.around) change({ around: undefined });
  }

  useCommands(
    useMemo(
      () => [
        { id: "logs.errors", label: "Only errors", group: "Logs", keywords: "level fatal", run: () => setQuery(addCondition(withoutField(search.query, "level"), "level", ["error", "fatal"])) },
        { id: "logs.clear", label: "Clear the filter", group: "Logs", run: () => setQuery("") },
        { id: "logs.oldest", label: "Go to the oldest line", group: "Logs", run: () => ask("oldest") },
        { id: "logs.newest", label: "Go to the newest line", group: "Logs", run: resume },
      ],
      [search.query, setQuery, ask, resume],
    ),
  );

  const matcher = useMemo(() => newMatcher(question.around ? "" : question.query), [question]);
  const span = useMemo(() => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }), [from, to]);
  const names = useFieldNames(list);
  const source = useFieldSource(names, span);
  const page = useFill();
  const details = (record: LogRecord) => (
    <Details record={record} query={search.query} columns={search.columns} zone={zone} matcher={matcher} filter={filter} toggleColumn={toggleColumn} around={showAround} linkTo={(line) => linkToLine(line, span)} />
  );
  const empty = list.status === "ready" && list.rows.count === 0;

  return (
    <div ref={page} className={classes.page}>
      <PageTitle>Logs</PageTitle>
      <QueryBar query={search.query} onRun={run} error={asked.error} source={source} loading={asked.status === "loading"} onCancel={() => asked.cancel()}>
        {null}
      </QueryBar>
      {search.around ? <AroundBar around={search.around} zone={zone} onBack={() => change({ around: undefined })} /> : <Pills query={search.query} onQuery={setQuery} />}
      {search.histogram && !question.around && (
        <Histogram
          query={search.query}
          from={from}
          to={to}
          by={search.by}
          version={version}
          live={tailing}
          zone={zone}
          visible={visible}
          onZoom={(a, b) => setRange({ from: new Date(a).toISOString(), to: new Date(b).toISOString() })}
          onValue={(value, exclude) => filter(search.by, value, exclude)}
          onTotal={setTotal}
        />
      )}
      <Toolbar
        search={search}
        facets={facets}
        total={question.around || !search.histogram ? undefined : total}
        tail={!tailing ? "off" : following ? "following" : "paused"}
        onChange={(changes) => change(changes, { replace: changes.order === undefined })}
        onPause={() => (reading || stale ? resume() : setHeld(true))}
      >
        <Tools search={search} question={question} span={span} names={names} onChange={change} />
      </Toolbar>
      <div className={classes.body}>
        {facets && !question.around && (
          <Facets
            query={search.query}
            span={span}
            version={version}
            names={names}
            columns={search.columns}
            by={search.by}
            onFilter={filter}
            onAppend={(text) => setQuery(appendText(search.query, text))}
            onColumn={toggleColumn}
            onBy={(field) => change({ by: field, histogram: true }, { replace: true })}
          />
        )}
        <div className={classes.lines} data-stale={asked !== list}>
          <TailNotice tail={tail} live={tailing} following={following} stale={stale} order={search.order} onResume={resume} />
          {list.status === "ready" && !empty ? (
            <LogTable
              list={list}
              start={question.start}
              columns={search.columns}
              wrap={search.wrap}
              zone={zone}
              dates={to - from > 20 * 3_600_000 || question.around}
              matcher={matcher}
              open={open}
              onToggle={toggleRow}
              marked={search.around?.id}
              details={details}
              onNewest={setAtNewest}
              onJump={ask}
              bindNewest={bindNewest}
              visible={visible}
            />
          ) : empty ? (
            <NoLines search={search} span={span} range={range} live={tailing} onQuery={setQuery} onRange={setRange} onBack={() => change({ around: undefined })} />
          ) : (
            <NotShown list={asked} onRetry={() => ask()} />
          )}
        </div>
      </div>
    </div>
  );
}
