// A moment on the clock of the page's zone.

import { formatTime, useTimeZone, type TimeStyle } from "../time/zone";

interface Props {
  /** Unix milliseconds, or RFC 3339; nothing is an en dash. */
  value: number | string | null | undefined;
  style?: TimeStyle;
  className?: string | undefined;
}

export function ZoneTime({ value, style = "full", className }: Props) {
  const zone = useTimeZone();
  const millis = typeof value === "string" ? Date.parse(value) : value;
  if (millis === null || millis === undefined || Number.isNaN(millis)) return <span className={className}>–</span>;
  return (
    <time className={className} dateTime={new Date(millis).toISOString()} title={`${formatTime(millis, zone, "fullMillis")} ${zone}`}>
      {formatTime(millis, zone, style)}
    </time>
  );
}
