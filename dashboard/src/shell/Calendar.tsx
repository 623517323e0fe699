// A month, to choose days from: by pointer, or by arrows, Page Up and Page Down.

import { ActionIcon } from "@mantine/core";
import { useRef, useState, type KeyboardEvent } from "react";

import classes from "./Calendar.module.css";
import { ChevronIcon } from "../ui/icons";

/** A day as "2026-11-24": without a zone, as it stands on a wall. */
export type Day = string;

const day = 86_400_000;
const millis = (text: Day) => Date.parse(`${text}T00:00:00Z`);
const write = (at: number): Day => new Date(at).toISOString().slice(0, 10);

/** addDays is the day so many days later. */
export function addDays(text: Day, count: number): Day {
  return write(millis(text) + count * day);
}

/** addMonths is the same day so many months later, or the month's last. */
export function addMonths(text: Day, count: number): Day {
  const date = new Date(millis(text));
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count + 1, 0));
  last.setUTCDate(Math.min(last.getUTCDate(), date.getUTCDate()));
  return write(last.getTime());
}

/** weeksOf lists the days of six weeks around a month, from a Monday on. */
export function weeksOf(month: Day): Day[][] {
  const first = `${month.slice(0, 7)}-01`;
  const monday = addDays(first, -((new Date(millis(first)).getUTCDay() + 6) % 7));
  return Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (__, i) => addDays(monday, week * 7 + i)));
}

const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const steps: Record<string, (text: Day) => Day> = {
  ArrowLeft: (text) => addDays(text, -1),
  ArrowRight: (text) => addDays(text, 1),
  ArrowUp: (text) => addDays(text, -7),
  ArrowDown: (text) => addDays(text, 7),
  PageUp: (text) => addMonths(text, -1),
  PageDown: (text) => addMonths(text, 1),
};

interface Props {
  /** The chosen days, both included. */
  from: Day;
  to: Day;
  today: Day;
  onDay: (day: Day) => void;
}

export function Calendar({ from, to, today, onDay }: Props) {
  const [current, setCurrent] = useState(to > today ? today : to);
  const grid = useRef<HTMLTableElement>(null);

  function key(event: KeyboardEvent) {
    const step = steps[event.key];
    if (!step || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = step(current);
    setCurrent(next);
    // The month may have to be drawn first.
    requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-day="${next}"]`)?.focus());
  }

  return (
    <div className={classes.calendar}>
      <div className={classes.head}>
        <ActionIcon variant="subtle" color="gray" size={24} className={classes.previous ?? ""} onClick={() => setCurrent(addMonths(current, -1))} aria-label="Month before">
          <ChevronIcon />
        </ActionIcon>
        <span aria-live="polite">{monthName.format(millis(current))}</span>
        <ActionIcon variant="subtle" color="gray" size={24} className={classes.next ?? ""} onClick={() => setCurrent(addMonths(current, 1))} aria-label="Month after">
          <ChevronIcon />
        </ActionIcon>
      </div>
      <table ref={grid} role="grid" aria-label={monthName.format(millis(current))} onKeyDown={key}>
        <thead>
          <tr>
            {weekdays.map((name) => (
              <th key={name} scope="col" aria-label={name}>
                {name.slice(0, 2)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(current).map((week) => (
            <tr key={week[0]}>
              {week.map((text) => (
                <td key={text} aria-selected={text >= from && text <= to}>
                  <button
                    type="button"
                    className={classes.day}
                    data-day={text}
                    data-other={text.slice(0, 7) !== current.slice(0, 7)}
                    data-chosen={text >= from && text <= to}
                    aria-current={text === today ? "date" : undefined}
                    aria-label={dayName.format(millis(text))}
                    tabIndex={text === current ? 0 : -1}
                    disabled={text > today}
                    onClick={() => {
                      setCurrent(text);
                      onDay(text);
                    }}
                  >
                    {Number(text.slice(8))}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
