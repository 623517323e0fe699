// Everything that a line says: its message in full, its fields with what one can do with each,
// and where to go from here.

import { ActionIcon, Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { LogRecord } from "../api/types";
import { hostLink, metricsLink, serviceLink } from "../links";
import { formatTime } from "../time/zone";
import { CopyButton } from "../ui/CopyButton";
import { PageLink } from "../ui/PageLink";
import classes from "./Details.module.css";
import { stateOfValue } from "./edit";
import { fieldsOf, fieldValue, type RecordField } from "./fields";
import type { Matcher } from "./highlight";
import { Marked } from "./LogRow";
import { lineText, pretty } from "./text";

export interface DetailActions {
  filter: (field: string, value: string, exclude: boolean) => void;
  toggleColumn: (field: string) => void;
  around: (record: LogRecord) => void;
  linkTo: (record: LogRecord) => string;
}

interface Props extends DetailActions {
  record: LogRecord;
  query: string;
  columns: readonly string[];
  zone: string;
  matcher: Matcher;
}

/** How much time around a line its metrics are shown for. */
const around = 15 * 60_000;

export function Details({ record, query, columns, zone, matcher, filter, toggleColumn, around: showAround, linkTo }: Props) {
  const [asJSON, setAsJSON] = useState(false);
  const json = JSON.stringify(record, null, 2);
  return (
    <div className={classes.details} data-details={record.id}>
      <div className={classes.actions}>
        <Button size="compact-xs" variant="default" onClick={() => showAround(record)}>
          Show around
        </Button>
        <CopyButton value={lineText(record)} label="Copy the line" text="Line" size={22} />
        <CopyButton value={json} label="Copy the line as JSON" text="JSON" size={22} />
        <CopyButton value={linkTo(record)} label="Copy a link to the line" text="Link" size={22} />
        <Button size="compact-xs" variant="default" aria-pressed={asJSON} onClick={() => setAsJSON(!asJSON)}>
          {asJSON ? "Show fields" : "Show JSON"}
        </Button>
        <Jumps record={record} />
      </div>
      {asJSON ? (
        <pre className={classes.json} tabIndex={0} aria-label="The line as JSON">
          {json}
        </pre>
      ) : (
        <>
          <pre className={classes.message}>
            <Marked matcher={matcher} field="message" text={pretty(record.message)} />
          </pre>
          <dl className={classes.fields}>
            <Row name="time" value={`${formatTime(Date.parse(record.time), zone, "fullMillis")} ${zone}`} title={record.time} />
            {fieldsOf(record).map((field) => (
              <Row
                key={field.name}
                {...field}
                matcher={matcher}
                actions={<FieldActions {...field} query={query} shown={columns.includes(field.name)} filter={filter} toggleColumn={toggleColumn} />}
              />
            ))}
            <Row name="id" value={record.id} />
          </dl>
        </>
      )}
    </div>
  );
}

/** Jumps lead to what else is known of where the line comes from, at its time. */
function Jumps({ record }: { record: LogRecord }) {
  const at = Date.parse(record.time);
  const iso = (millis: number) => new Date(millis).toISOString().replace(/\.\d+Z$/, "Z");
  const time = { from: iso(at - around), to: iso(at + around) };
  const host = fieldValue(record, "host.name");
  const service = record.service ?? "";
  const selector = [["service", service], ["instance", record.instance_id ?? ""]].filter(([, value]) => value !== "").map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return (
    <span className={classes.jumps}>
      {host !== "" && <PageLink href={hostLink(host, time)}>Host {host}</PageLink>}
      {service !== "" && <PageLink href={serviceLink(service, time)}>Service {service}</PageLink>}
      {service !== "" && <PageLink href={metricsLink([`{${selector.join(", ")}}`], time)}>Metrics then</PageLink>}
    </span>
  );
}

interface FieldActionsProps extends RecordField {
  query: string;
  shown: boolean;
  filter: (field: string, value: string, exclude: boolean) => void;
  toggleColumn: (field: string) => void;
}

function FieldActions({ name, value, query, shown, filter, toggleColumn }: FieldActionsProps) {
  const state = stateOfValue(query, name, value);
  const action = (label: string, text: string, pressed: boolean | undefined, onClick: () => void) => (
    <ActionIcon size={20} variant="subtle" color="gray" aria-label={label} title={label} onClick={onClick} {...(pressed === undefined ? {} : { "aria-pressed": pressed })}>
      {text}
    </ActionIcon>
  );
  return (
    <>
      {action(`Only lines with ${name} ${value}`, "+", state === "included", () => filter(name, value, false))}
      {action(`No lines with ${name} ${value}`, "−", state === "excluded", () => filter(name, value, true))}
      {action(shown ? `Hide the column ${name}` : `Show ${name} as a column`, "▥", shown, () => toggleColumn(name))}
      <CopyButton value={value} label={`Copy ${name}`} size={20} />
    </>
  );
}

function Row({ name, value, title, matcher, actions }: RecordField & { title?: string; matcher?: Matcher; actions?: ReactNode }) {
  return (
    <div className={classes.field}>
      <dt title={name}>{name}</dt>
      <dd title={title}>{matcher ? <Marked matcher={matcher} field={name} text={value} /> : value}</dd>
      <dd className={classes.fieldActions}>{actions ?? <CopyButton value={title ?? value} label={`Copy ${name}`} size={20} />}</dd>
    </div>
  );
}
