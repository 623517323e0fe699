// Which clock times are shown by: this browser's, UTC, or any other that is searched for.

import { useEffect, useMemo, useRef, useState } from "react";

import { allZones, browserZone, useTimeZone, writeOffset } from "../time/zone";
import { CheckIcon } from "../ui/icons";
import { useChangeSearch } from "../useChangeSearch";
import { useCombobox } from "../ui/useCombobox";
import classes from "./ZonePicker.module.css";

const most = 50;

/** Cities whose zone some browsers list under a name of the past. */
const renamed: Record<string, string> = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
};

/** nameOf writes the name of a zone as people read it. */
export function nameOf(zone: string): string {
  return (renamed[zone] ?? zone).replaceAll("_", " ");
}

/** findZones lists the zones whose name has all the words; without words those used most. */
export function findZones(zones: readonly string[], words: string, home: string): string[] {
  const wanted = words.toLowerCase().split(/[\s/_]+/).filter(Boolean);
  if (wanted.length === 0) return [...new Set([home, "UTC", ...zones])].slice(0, most);
  const plain = (zone: string) => nameOf(zone).toLowerCase();
  const city = (zone: string) => plain(zone).split("/").at(-1)!;
  const found = zones.filter((zone) => wanted.every((word) => plain(zone).includes(word)));
  return found.toSorted((a, b) => Number(city(b).startsWith(wanted[0]!)) - Number(city(a).startsWith(wanted[0]!)) || a.localeCompare(b)).slice(0, most);
}

/** useChooseZone puts a zone into the address; the browser's own needs none. */
export function useChooseZone(): (zone: string) => void {
  const change = useChangeSearch();
  return (zone) => change({ tz: zone === browserZone() ? undefined : zone }, { replace: true });
}

interface Props {
  onChoose: (zone: string) => void;
}

export function ZonePicker({ onChoose }: Props) {
  const zone = useTimeZone();
  const home = browserZone();
  const zones = useMemo(allZones, []);
  const [words, setWords] = useState("");
  const found = findZones(zones, words, home);
  const { input, list, option } = useCombobox({ count: found.length, query: words, label: "Time zones", onChoose: (i) => found[i] && onChoose(found[i]) });
  const now = Date.now();
  // It comes in place of what had the focus.
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div className={classes.zones}>
      <input {...input} ref={field} className={classes.search} aria-label="Search for a time zone" placeholder="City or region" value={words} onChange={(event) => setWords(event.currentTarget.value)} />
      {found.length === 0 && (
        <p className="muted" role="status">
          No zone has this name
        </p>
      )}
      <div {...list} className={classes.list}>
        {found.map((name, i) => (
          <div key={name} {...option(i)} className={classes.option}>
            <span className={classes.check}>{name === zone && <CheckIcon />}</span>
            <span className={classes.name}>{nameOf(name)}</span>
            <span className={classes.offset}>{name === home ? `this browser, ${writeOffset(now, name)}` : writeOffset(now, name)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
