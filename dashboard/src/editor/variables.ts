// Dashboards write variables into queries: `$host`, `${host:regex}`, `$__rate_interval`. They are
// no PromQL, so the linter reads the query with something of the same length in their place.

const variable = /\$(?:\{[A-Za-z_]\w*(?::\w+)?\}|[A-Za-z_]\w*)/g;

export function hasVariables(query: string): boolean {
  return query.search(variable) >= 0;
}

/** maskVariables puts a duration, a number or a name in the place of each variable. */
export function maskVariables(query: string): string {
  return query.replace(variable, (text, offset: number) => {
    const before = query.slice(0, offset).trimEnd();
    const after = query.slice(offset + text.length).trimStart();
    if (/[[:]$/.test(before) || /\boffset$/i.test(before)) return "1m".padEnd(text.length);
    if (before.endsWith("(") && after.startsWith(",")) return "1".padEnd(text.length);
    return "v".repeat(text.length);
  });
}
