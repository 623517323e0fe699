// The newest log lines of a filter, in a few rows, with the way to all of them. They stand still
// while somebody reads: under the pointer, with the focus, or scrolled down.

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";

import type { LogRecord } from "../api/types";
import { logsLink } from "../links";
import { useLogs } from "../live/useLogs";
import { severity } from "../overview/LogsPanel";
import classes from "../overview/LogsPanel.module.css";
import { usePageTime } from "../time/context";
import { formatTime, useTimeZone } from "../time/zone";
import { Panel } from "../ui/Panel";
import own from "./LogTail.module.css";

const mostLines = 100;

interface Props {
  title: string;
  query: string;
  /** The column between the level and the message. */
  column: "service" | "host";
}

export function LogTail({ title, query, column }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const { range } = usePageTime();
  const zone = useTimeZone();
  const [reading, setReading] = useState({ pointer: false, focus: false, scrolled: false });
  const { logs, waiting, loading, error } = useLogs(query, mostLines, reading.pointer || reading.focus || reading.scrolled);

  function resume() {
    list.current?.scrollTo({ top: 0 });
    setReading({ pointer: false, focus: false, scrolled: false });
  }

  return (
    <Panel
      title={title}
      error={error}
      actions={
        <span className={own.actions}>
          {waiting > 0 && (
            <Button size="compact-xs" variant="light" onClick={resume}>
              {waiting >= mostLines ? `${mostLines}+` : waiting} new, show
            </Button>
          )}
          <Link to={logsLink(query, range)}>Open in Logs</Link>
        </span>
      }
    >
      {logs.length === 0 ? (
        <p className={classes.empty}>{loading ? "Loading" : "No log lines in this time range."}</p>
      ) : (
        <div
          ref={list}
          className={classes.list}
          role="log"
          aria-live="off"
          aria-label={title}
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
            <Line key={record.id} record={record} column={column} zone={zone} />
          ))}
        </div>
      )}
    </Panel>
  );
}

function Line({ record, column, zone }: { record: LogRecord; column: Props["column"]; zone: string }) {
  const millis = Date.parse(record.time);
  return (
    <div className={classes.line} data-severity={severity(record.level)}>
      <time className={classes.time} dateTime={record.time} title={formatTime(millis, zone, "fullMillis")}>
        {formatTime(millis, zone, "millis")}
      </time>
      <span className={classes.level}>{record.level ?? ""}</span>
      <span className={classes.service} title={record.instance_id}>
        {(column === "service" ? record.service : record.labels?.["host.name"]) ?? ""}
      </span>
      <span className={classes.message} title={record.message}>
        {record.message}
      </span>
    </div>
  );
}
