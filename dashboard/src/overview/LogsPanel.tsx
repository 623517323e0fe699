// The newest log lines. They stand still while somebody reads: under the pointer, with the
// focus, or scrolled down.

import { Button } from "@mantine/core";
import { useRef, useState } from "react";

import type { LogRecord } from "../api/types";
import { useLogs } from "../live/useLogs";
import { logsLink } from "../links";
import { usePageTime } from "../time/context";
import { formatTime, useTimeZone } from "../time/zone";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import classes from "./LogsPanel.module.css";
import { allLogs } from "./queries";

const mostLines = 100;

export function LogsPanel() {
  const list = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState({ pointer: false, focus: false, scrolled: false });
  const hold = reading.pointer || reading.focus || reading.scrolled;
  const { logs, waiting, loading, error } = useLogs(allLogs, mostLines, hold);
  const { range } = usePageTime();
  const zone = useTimeZone();

  function resume() {
    list.current?.scrollTo({ top: 0 });
    setReading({ pointer: false, focus: false, scrolled: false });
  }

  return (
    <Panel
      title="Newest log lines"
      error={error}
      area="logs"
      actions={
        <>
          {waiting > 0 && (
            <Button size="compact-xs" variant="light" onClick={resume}>
              {waiting >= mostLines ? `${mostLines}+` : waiting} new, show
            </Button>
          )}
          <PageLink className={classes.all} href={logsLink("", range)}>
            Search the logs
          </PageLink>
        </>
      }
    >
      {logs.length === 0 ? (
        <p className={classes.empty}>{loading ? "Loading" : "No log lines in this time range"}</p>
      ) : (
        <div
          ref={list}
          className={classes.list}
          role="log"
          aria-live="off"
          aria-label="Newest log lines"
          tabIndex={0}
          onPointerEnter={(event) => event.pointerType === "mouse" && setReading((r) => ({ ...r, pointer: true }))}
          onPointerLeave={() => setReading((r) => ({ ...r, pointer: false }))}
          onFocus={() => setReading((r) => ({ ...r, focus: true }))}
          onBlur={() => setReading((r) => ({ ...r, focus: false }))}
          onScroll={(event) => {
            const scrolled = event.currentTarget.scrollTop > 4;
            setReading((r) => (r.scrolled === scrolled ? r : { ...r, scrolled }));
          }}
        >
          {logs.map((record) => (
            <Line key={record.id} record={record} zone={zone} />
          ))}
        </div>
      )}
    </Panel>
  );
}

/** severity puts the many names of levels into the few that have a colour. */
export function severity(level: string | undefined): "error" | "warn" | "info" | "debug" | "none" {
  const text = (level ?? "").toLowerCase();
  if (/^(err|fatal|crit|panic|emerg|alert)/.test(text)) return "error";
  if (text.startsWith("warn")) return "warn";
  if (/^(info|notice)/.test(text)) return "info";
  return /^(debug|trace)/.test(text) ? "debug" : "none";
}

function Line({ record, zone }: { record: LogRecord; zone: string }) {
  const time = Date.parse(record.time);
  return (
    <div className={classes.line} data-severity={severity(record.level)}>
      <time className={classes.time} dateTime={record.time} title={record.time}>
        {formatTime(time, zone, "millis")}
      </time>
      <span className={classes.level}>{record.level ?? ""}</span>
      <span className={classes.service} title={record.instance_id}>
        {record.service ?? ""}
      </span>
      <span className={classes.message} title={record.message}>
        {record.message}
      </span>
    </div>
  );
}
