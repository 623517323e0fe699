// The page's time range: a preset, or two moments typed.

import { Button, Popover, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";

import { usePageTime } from "../time/context";
import { describeRange, formatLocal, isRelative, parseTime, presets, resolve, toExpression, type TimeRange } from "../time/range";
import { ChevronIcon, ClockIcon } from "../ui/icons";
import classes from "./TimeRangePicker.module.css";

export function TimeRangePicker() {
  const { range, setRange } = usePageTime();
  const [open, setOpen] = useState(false);

  function choose(next: TimeRange) {
    setOpen(false);
    setRange(next);
  }

  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          h={30}
          px={10}
          variant="default"
          justify="flex-start"
          leftSection={<ClockIcon />}
          rightSection={<ChevronIcon />}
          onClick={() => setOpen((now) => !now)}
          aria-label={`Time range: ${describeRange(range)}`}
        >
          {describeRange(range)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown ?? ""} aria-label="Time range">
        <ul className={classes.presets}>
          {presets.map((preset) => (
            <li key={preset.from}>
              <button
                type="button"
                className={classes.preset}
                aria-current={range.to === "now" && range.from === preset.from}
                onClick={() => choose({ from: preset.from, to: "now" })}
              >
                {preset.label}
              </button>
            </li>
          ))}
        </ul>
        <AbsoluteForm range={range} onChoose={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

function shown(expression: string, now: number): string {
  const millis = isRelative(expression) ? undefined : parseTime(expression, now);
  return millis === undefined ? expression : formatLocal(millis);
}

function AbsoluteForm({ range, onChoose }: { range: TimeRange; onChoose: (range: TimeRange) => void }) {
  const now = Date.now();
  const [from, setFrom] = useState(() => shown(range.from, now));
  const [to, setTo] = useState(() => shown(range.to, now));
  const [tried, setTried] = useState(false);

  const fromExpression = toExpression(from, now);
  const toExpressionText = toExpression(to, now);
  const fault = tried ? findFault(fromExpression, toExpressionText, now) : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    const next = { from: fromExpression ?? "", to: toExpressionText ?? "" };
    if (resolve(next, now)) onChoose(next);
  }

  return (
    <form className={classes.absolute} onSubmit={submit} noValidate>
      <TextInput size="xs" label="From" value={from} error={fault.from} onChange={(event) => setFrom(event.currentTarget.value)} spellCheck={false} />
      <TextInput size="xs" label="To" value={to} error={fault.to} onChange={(event) => setTo(event.currentTarget.value)} spellCheck={false} />
      <p className="muted">A date such as {formatLocal(now).slice(0, 16)}, or now-2h.</p>
      <Button size="xs" type="submit">
        Apply
      </Button>
    </form>
  );
}

function findFault(from: string | undefined, to: string | undefined, now: number): { from?: string; to?: string } {
  const unread = "Not a time that can be read";
  if (from === undefined || parseTime(from, now) === undefined) return { from: unread };
  if (to === undefined || parseTime(to, now) === undefined) return { to: unread };
  return resolve({ from, to }, now) ? {} : { to: "Must be after the start" };
}
