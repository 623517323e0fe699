// A panel of the newest log lines of a filter. They stand still while somebody reads.

import { Button } from "@mantine/core";
import { useRef, useState } from "react";

import type { LogRecord } from "../../api/types";
import { useLogs } from "../../live/useLogs";
import { fieldsOf, severity } from "../../logs/fields";
import { formatTime, useTimeZone } from "../../time/zone";
import type { PanelProps } from "../context";
import { panelName } from "../document";
import { useLogText } from "./LogBars";
import classes from "./LogPanel.module.css";
import { PanelState } from "./PanelState";
import { stringOf } from "./spec";
import { useNotice } from "./usePanelSeries";

const mostLines = 200;

export function LogPanel(props: PanelProps) {
  // Once it was in sight it goes on following, as a tail does.
  const seen = useRef(props.visible);
  seen.current ||= props.visible;
  return seen.current ? <LogLines {...props} /> : null;
}

function LogLines({ panel, values, onNotice }: PanelProps) {
  const list = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState({ pointer: false, focus: false, scrolled: false });
  const { text, problems, count } = useLogText({ panel, values });
  const { logs, waiting, loading, error } = useLogs(text.trim() === "" ? "*" : text, mostLines, reading.pointer || reading.focus || reading.scrolled);
  useNotice(problems.length > 0 ? { problems } : undefined, onNotice);
  const { spec } = panel.spec.plugin;

  function resume() {
    list.current?.scrollTo({ top: 0 });
    setReading({ pointer: false, focus: false, scrolled: false });
  }

  return (
    <PanelState loading={loading} error={error} empty={logs.length === 0} queries={count}>
      {waiting > 0 && (
        <Button className={classes.waiting ?? ""} size="compact-xs" variant="light" onClick={resume}>
          {waiting >= mostLines ? `${mostLines}+` : waiting} new, show
        </Button>
      )}
      <div
        ref={list}
        className={classes.list}
        role="log"
        aria-live="off"
        aria-label={panelName(panel)}
        tabIndex={0}
        data-wrap={spec["allowWrap"] === true}
        data-service={stringOf(spec, "service") !== "hidden"}
        onPointerEnter={(event) => event.pointerType === "mouse" && setReading((now) => ({ ...now, pointer: true }))}
        onPointerLeave={() => setReading((now) => ({ ...now, pointer: false }))}
        onFocus={() => setReading((now) => ({ ...now, focus: true }))}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setReading((now) => ({ ...now, focus: false }))}
        onScroll={(event) => {
          const scrolled = event.currentTarget.scrollTop > 4;
          setReading((now) => (now.scrolled === scrolled ? now : { ...now, scrolled }));
        }}
      >
        {logs.map((record) => (
          <Line key={record.id} record={record} />
        ))}
      </div>
    </PanelState>
  );
}

function Line({ record }: { record: LogRecord }) {
  const zone = useTimeZone();
  const [open, setOpen] = useState(false);
  return (
    <div className={classes.item}>
      <button type="button" className={classes.line} data-severity={severity(record.level)} aria-expanded={open} onClick={() => setOpen((now) => !now)}>
        <time className={classes.time} dateTime={record.time} title={record.time}>
          {formatTime(Date.parse(record.time), zone, "millis")}
        </time>
        <span className={classes.level}>{record.level ?? ""}</span>
        <span className={classes.service}>{record.service ?? ""}</span>
        <span className={classes.message}>{record.message}</span>
      </button>
      {open && (
        <dl className={classes.fields}>
          {fieldsOf(record).map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
