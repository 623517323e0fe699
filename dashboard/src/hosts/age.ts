// How long ago something was, and the time that pages share.

import { formatDuration } from "../format/units";

/** ago is an age in its largest unit: "3 s ago". */
export function ago(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds < 1) return "now";
  return `${formatDuration(seconds >= 60 ? Math.floor(seconds / 60) * 60 : seconds)} ago`;
}

const day = 86_400;

/** roughly is a duration in whole days, or a shorter one as it is. */
export function roughly(seconds: number | undefined): string {
  return formatDuration(seconds !== undefined && seconds >= day ? Math.floor(seconds / day) * day : seconds);
}

const timeParameters = ["from", "to", "live", "refresh", "tz"];

/** keepTime takes the shell's parameters along to another page, and leaves this page's behind. */
export function keepTime(search: object): Record<string, string> {
  return Object.fromEntries(Object.entries(search).filter(([name]) => timeParameters.includes(name))) as Record<string, string>;
}
