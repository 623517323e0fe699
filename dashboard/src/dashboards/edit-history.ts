// Undo and redo of changes to a document, as a value.

export interface EditHistory<T> {
  past: readonly { value: T; label: string }[];
  present: T;
  future: readonly { value: T; label: string }[];
  /** What the present came from; changes with the same label in a row can be one step. */
  label: string;
}

const most = 200;

export function begin<T>(value: T): EditHistory<T> {
  return { past: [], present: value, future: [], label: "" };
}

/**
 * record makes a change; what was undone can't be redone any more. With `join`, a change that has
 * the same label as the one before belongs to the same step: typing, or pressing an arrow key.
 */
export function record<T>(history: EditHistory<T>, value: T, label: string, join = false): EditHistory<T> {
  if (value === history.present) return history;
  if (join && label === history.label && history.past.length > 0) return { ...history, present: value, future: [] };
  return { past: [...history.past, { value: history.present, label }].slice(-most), present: value, future: [], label };
}

export function undo<T>(history: EditHistory<T>): EditHistory<T> {
  const last = history.past.at(-1);
  if (!last) return history;
  return { past: history.past.slice(0, -1), present: last.value, future: [{ value: history.present, label: last.label }, ...history.future], label: "" };
}

export function redo<T>(history: EditHistory<T>): EditHistory<T> {
  const [next, ...rest] = history.future;
  if (!next) return history;
  return { past: [...history.past, { value: history.present, label: next.label }], present: next.value, future: rest, label: "" };
}
