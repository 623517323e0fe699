// Where in a query an error is: "1:20: parse error: unclosed left parenthesis".

export interface QueryError {
  message: string;
  /** Offsets in the text; both are left out when the error is about all of it. */
  from?: number;
  to?: number;
}

const positioned = /(?:^|\s)(\d{1,6}):(\d{1,6}): (?:parse error: )?(.*)$/s;

/** readError takes the position out of a message of the PromQL parser. */
export function readError(message: string, query: string): QueryError {
  const match = positioned.exec(message);
  if (!match) return { message };
  const [, line, column, text] = match;
  const from = offsetOf(query, Number(line), Number(column));
  if (from === undefined) return { message };
  const end = /^[\w:.]+/.exec(query.slice(from))?.[0].length ?? 1;
  return { message: text ?? message, from: Math.min(from, query.length), to: Math.min(from + end, query.length) };
}

/** offsetOf turns a line and a column, both from one, into an offset. */
function offsetOf(text: string, line: number, column: number): number | undefined {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1);
  if (line < 1 || line > lines.length) return undefined;
  return before.reduce((sum, l) => sum + l.length + 1, 0) + Math.min(column - 1, lines[line - 1]?.length ?? 0);
}
