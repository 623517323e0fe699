// Two moments, typed on the clock of the page's zone or chosen as days.

import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";

import { formatLocal, isRelative, parseLocal, parseTime, resolve, toExpression, type TimeRange } from "../time/range";
import { Calendar, type Day } from "./Calendar";
import classes from "./TimeRangePicker.module.css";

interface Props {
  range: TimeRange;
  zone: string;
  onChoose: (range: TimeRange) => void;
}

export function AbsoluteForm({ range, zone, onChoose }: Props) {
  const [now] = useState(Date.now);
  const [from, setFrom] = useState(() => shown(range.from, now, zone));
  const [to, setTo] = useState(() => shown(range.to, now, zone));
  const [tried, setTried] = useState(false);
  /** The day that was chosen first, until a second one ends the range. */
  const [start, setStart] = useState<Day>();

  const next = { from: toExpression(from, now, zone), to: toExpression(to, now, zone) };
  const fault = tried ? findFault(next.from, next.to, now) : {};
  const today = dayOf("now", now, zone)!;
  const firstDay = dayOf(from, now, zone) ?? today;
  const lastDay = dayOf(to, now, zone) ?? today;

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    const wanted = { from: next.from ?? "", to: next.to ?? "" };
    if (resolve(wanted, now)) onChoose(wanted);
  }

  function chooseDay(day: Day) {
    const first = start === undefined || day < start ? day : start;
    setStart(start === undefined ? day : undefined);
    setFrom(`${first} 00:00:00`);
    setTo(day >= today ? "now" : `${day} 23:59:59`);
  }

  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <div className={classes.fields}>
        <TextInput size="xs" label="From" value={from} error={fault.from} onChange={(event) => setFrom(event.currentTarget.value)} spellCheck={false} autoComplete="off" />
        <TextInput size="xs" label="To" value={to} error={fault.to} onChange={(event) => setTo(event.currentTarget.value)} spellCheck={false} autoComplete="off" />
      </div>
      <Calendar from={firstDay < lastDay ? firstDay : lastDay} to={lastDay} today={today} onDay={chooseDay} />
      <div className={classes.apply}>
        <p className="muted">Also now-2h, or Unix time.</p>
        <Button size="xs" type="submit">
          Apply
        </Button>
      </div>
    </form>
  );
}

function shown(expression: string, now: number, zone: string): string {
  const millis = isRelative(expression) ? undefined : parseTime(expression, now);
  return millis === undefined ? expression : formatLocal(millis, zone);
}

/** dayOf is the day of typed text on the clock of a zone. */
function dayOf(text: string, now: number, zone: string): Day | undefined {
  const millis = parseLocal(text, now, zone);
  return millis === undefined ? undefined : formatLocal(millis, zone).slice(0, 10);
}

function findFault(from: string | undefined, to: string | undefined, now: number): { from?: string; to?: string } {
  const unread = "Not a time that can be read";
  if (from === undefined || parseTime(from, now) === undefined) return { from: unread };
  if (to === undefined || parseTime(to, now) === undefined) return { to: unread };
  return resolve({ from, to }, now) ? {} : { to: "Must be after the start" };
}
