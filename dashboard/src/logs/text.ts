// Lines as text.

import type { LogRecord } from "../api/types";

/** lineText is a line as people paste it. */
export function lineText(record: LogRecord): string {
  return [record.time, record.level ?? "", record.service ?? "", record.message].filter((part) => part !== "").join(" ");
}

/** pretty writes a message that is JSON over several lines. */
export function pretty(message: string): string {
  if (!/^\s*[[{]/.test(message)) return message;
  try {
    return JSON.stringify(JSON.parse(message), null, 2);
  } catch {
    return message;
  }
}
