// The page's time range: a preset, one used lately, days of a calendar, or two moments typed;
// and the clock that times are shown by.

import { Button, Popover } from "@mantine/core";
import { useState } from "react";

import { readRecent } from "../recent";
import { recentRanges, usePageTime } from "../time/context";
import { describeRange, presets, type TimeRange } from "../time/range";
import { useTimeZone, writeOffset } from "../time/zone";
import { ChevronIcon, ClockIcon, GlobeIcon } from "../ui/icons";
import { useShortcut } from "../ui/shortcuts";
import { AbsoluteForm } from "./AbsoluteForm";
import { moves } from "./moves";
import classes from "./TimeRangePicker.module.css";
import { nameOf, useChooseZone, ZonePicker } from "./ZonePicker";

export function TimeRangePicker() {
  const { range } = usePageTime();
  const zone = useTimeZone();
  const [open, setOpen] = useState(false);
  const text = describeRange(range, zone);
  useShortcut("t", "Choose the time range", () => setOpen(true), { group: "Time" });

  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          className={classes.target ?? ""}
          size="xs"
          h={30}
          px={10}
          variant="default"
          justify="flex-start"
          leftSection={<ClockIcon />}
          rightSection={<ChevronIcon />}
          onClick={() => setOpen((now) => !now)}
          aria-label={`Time range: ${text}`}
          title={zone}
        >
          {text}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} className={classes.dropdown ?? ""} aria-label="Time range">
        <Content onDone={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Content({ onDone }: { onDone: () => void }) {
  const time = usePageTime();
  const { range, setRange } = time;
  const zone = useTimeZone();
  const chooseZone = useChooseZone();
  const [zones, setZones] = useState(false);

  function choose(next: TimeRange) {
    onDone();
    setRange(next);
  }

  return (
    <>
      <div className={classes.columns}>
        <div>
          <ul className={classes.presets} aria-label="Lately until now">
            {presets.map((preset) => (
              <Choice key={preset.from} range={{ from: preset.from, to: "now" }} current={range} label={preset.label} onChoose={choose} />
            ))}
          </ul>
          <div className={classes.moves}>
            {moves.map(({ name, label, icon: MoveIcon }) => (
              <Button key={name} size="compact-xs" variant="default" onClick={() => time[name]()} aria-label={label} title={label}>
                <MoveIcon />
              </Button>
            ))}
          </div>
        </div>
        <div className={classes.absolute}>
          {zones ? (
            <ZonePicker
              onChoose={(name) => {
                setZones(false);
                chooseZone(name);
              }}
            />
          ) : (
            <AbsoluteForm key={zone} range={range} zone={zone} onChoose={choose} />
          )}
          {!zones && <Recent current={range} zone={zone} onChoose={choose} />}
        </div>
      </div>
      <div className={classes.zone}>
        <GlobeIcon />
        <span>
          {nameOf(zone)} {zone !== "UTC" && <span className="muted">{writeOffset(Date.now(), zone)}</span>}
        </span>
        <Button size="compact-xs" variant="default" aria-expanded={zones} onClick={() => setZones(!zones)}>
          {zones ? "Back" : "Change zone"}
        </Button>
      </div>
    </>
  );
}

function Choice({ range, current, label, onChoose }: { range: TimeRange; current: TimeRange; label: string; onChoose: (range: TimeRange) => void }) {
  return (
    <li>
      <button type="button" className={classes.preset} aria-current={range.to === current.to && range.from === current.from} onClick={() => onChoose(range)}>
        {label}
      </button>
    </li>
  );
}

/** readRanges lists the ranges used lately; what can't be read as one is left out. */
function readRanges(): TimeRange[] {
  return readRecent(recentRanges.name).flatMap((text) => {
    const [from, to] = JSON.parse(text) as unknown[];
    return typeof from === "string" && typeof to === "string" ? [{ from, to }] : [];
  });
}

function Recent({ current, zone, onChoose }: { current: TimeRange; zone: string; onChoose: (range: TimeRange) => void }) {
  const [ranges] = useState(readRanges);
  if (ranges.length === 0) return null;
  return (
    <div className={classes.recent}>
      <h3>Used lately</h3>
      <ul>
        {ranges.map((range) => (
          <Choice key={`${range.from} ${range.to}`} range={range} current={current} label={describeRange(range, zone)} onChoose={onChoose} />
        ))}
      </ul>
    </div>
  );
}
