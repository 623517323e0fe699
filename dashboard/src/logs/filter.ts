// Reads the filter language of logs, as storage/logfilter does on the server, and keeps where
// each part stands in the text: for pills, colours, completion and errors while one types.

export interface Span {
  start: number;
  end: number;
}

/** How a condition compares: whole words, an exact value, one of several, and so on. */
export type Kind = "words" | "exact" | "in" | "regexp" | "compare" | "range" | "exists" | "empty" | "all";

export interface Condition extends Span {
  type: "condition";
  field: string;
  /** Where the name of the field stands; empty for a bare condition on message. */
  name: Span;
  kind: Kind;
  values: string[];
  /** The text as it was written after the colon. */
  text: string;
  negated: boolean;
  fold: boolean;
  prefix: boolean;
}

export interface Group extends Span {
  type: "and" | "or" | "not";
  nodes: Node[];
}

export type Node = Condition | Group;

export interface FilterFault {
  /** Where it is, in UTF-16 units from 0. */
  at: number;
  message: string;
  fix: string;
}

export type Parsed = { ok: true; root: Node | undefined } | { ok: false; fault: FilterFault };

class Fault extends Error {
  readonly fault: FilterFault;
  constructor(fault: FilterFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export function parseFilter(text: string): Parsed {
  try {
    const parser = new Parser(text);
    return { ok: true, root: parser.all() };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: error.fault };
    throw error;
  }
}

export const ownFields = ["time", "service", "instance_id", "level", "message", "trace_id", "span_id", "id"] as const;

const quotes = `"'\``;
const stopsOfRun = `()[]"'\`,*|`;
const maxDepth = 64;

class Parser {
  private pos = 0;
  private depth = 0;
  private field = "";

  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  all(): Node | undefined {
    this.skipSpace();
    if (this.done()) return undefined;
    const root = this.or();
    if (!this.done()) throw this.unexpected();
    return root;
  }

  private or(): Node {
    const nodes: Node[] = [];
    do nodes.push(this.and());
    while (this.keyword("or"));
    return joined("or", nodes);
  }

  private and(): Node {
    const nodes: Node[] = [];
    for (;;) {
      nodes.push(this.not());
      if (this.keyword("and")) continue;
      this.skipSpace();
      if (this.done() || this.peek() === ")" || this.atKeyword("or")) return joined("and", nodes);
    }
  }

  private not(): Node {
    this.skipSpace();
    const start = this.pos;
    this.depth += 1;
    if (this.depth > maxDepth) throw this.fail(this.pos, "is nested too deeply", `use at most ${maxDepth} levels`);
    try {
      if (!this.take("-") && !this.take("!") && !this.keyword("not")) return this.primary();
      return negate(this.not(), start);
    } finally {
      this.depth -= 1;
    }
  }

  private primary(): Node {
    const start = this.pos;
    if (this.take("(")) return this.group(start);
    if (this.done()) throw this.fail(this.pos, "ends where a condition is missing", "add one, such as level:error");
    const name = this.fieldName();
    if (name === undefined) {
      this.pos = start;
      return this.condition(this.field || "message", { start, end: start }, this.field === "");
    }
    if (this.field !== "") throw this.fail(start, `has the field "${name}" inside ${this.field}:(...)`, "close the parenthesis first");
    const nameSpan = { start, end: this.pos - 1 };
    this.skipSpace();
    if (this.take("!")) return negate(this.condition(name, nameSpan, false), start);
    const open = this.pos;
    if (this.take("(")) {
      this.field = name;
      const node = this.group(open);
      this.field = "";
      return { ...node, start };
    }
    return this.condition(name, nameSpan, false);
  }

  private group(start: number): Node {
    const node = this.or();
    this.skipSpace();
    if (!this.take(")")) {
      if (this.done()) throw this.fail(start, "has a parenthesis that is not closed", "add )");
      throw this.unexpected();
    }
    return { ...node, start, end: this.pos };
  }

  private fieldName(): string | undefined {
    const name = quotes.includes(this.peek()) ? this.quoted() : this.run(":=<>~!");
    if (!this.take(":")) return undefined;
    if (name === "") throw this.fail(this.pos - 1, "has a colon without a field before it", `quote it, as in "a:b", or write field:value`);
    if (name.endsWith("*")) throw this.fail(this.pos - 1, "has a field name that ends in *", "write the whole name");
    return name;
  }

  private condition(field: string, name: Span, bare: boolean): Condition {
    const start = this.pos;
    const begin = name.end > name.start ? name.start : start;
    const made = (kind: Kind, values: string[], more: Partial<Condition> = {}): Condition => ({
      type: "condition", field, name, kind, values, negated: false, fold: false, prefix: false,
      start: begin, end: this.pos, text: this.text.slice(start, this.pos), ...more,
    });
    if (this.take("=")) {
      const value = this.value();
      if (this.peek() === "*") throw this.unexpected();
      if (field === "time") this.checkTime(value, start);
      return value === "" ? made("empty", []) : made("exact", [value]);
    }
    if (this.take("~")) return this.regexp(field, start, made);
    if (this.peek() === ">" || this.peek() === "<") return this.comparison(field, made);
    if (this.call("range(") || this.call("range[")) return this.between(field, made);
    if (this.call("in(")) return made("in", this.list(field, start));
    if (this.call("i(")) return this.folded(field, made);
    if (this.peek() === "-") throw this.fail(start, "has a - after the colon", `write -field:value to negate, or field:"-value"`);
    if (this.take("*")) {
      if (!this.atEnd()) throw this.fail(start, "has a * before a text", `put * at the end only, or use field:~"regexp"`);
      return made(bare || field === "time" ? "all" : "exists", []);
    }
    const value = this.value();
    if (value === "" && this.peek() !== "*") {
      if (field === "time") throw this.badTime(start);
      return made("empty", []);
    }
    return this.words(field, value, start, made);
  }

  private words(field: string, value: string, start: number, made: Make): Condition {
    const prefix = this.take("*");
    if (prefix && !this.atEnd()) {
      this.pos -= 1;
      throw this.unexpected();
    }
    if (field === "time") throw this.badTime(start);
    if (field === "id" && prefix) throw this.badID(start);
    if (field === "id") return made("exact", [value]);
    const words = splitWords(value);
    if (words.length === 0) throw this.fail(start, `has the text "${value}" without a word in it`, `match whole values with field:=, parts with field:~"regexp"`);
    return made("words", words, { prefix });
  }

  private regexp(field: string, start: number, made: Make): Condition {
    const value = this.value();
    if (this.peek() === "*") throw this.fail(this.pos, "has a regular expression without quotes", `quote it, as in field:~"a.*b"`);
    if (field === "time") throw this.badTime(start);
    if (field === "id") throw this.badID(start);
    return made("regexp", [value]);
  }

  private comparison(field: string, made: Make): Condition {
    this.pos += 1;
    this.take("=");
    const start = this.pos;
    const value = this.value();
    this.checkNumber(field, value, start);
    return made("compare", [value]);
  }

  private between(field: string, made: Make): Condition {
    const start = this.pos;
    const low = this.argument();
    const advice = "write range(1, 10] or range[1, 10)";
    if (!this.take(",")) throw this.fail(this.pos, "has a range without two ends", advice);
    const high = this.argument();
    if (!this.take(")") && !this.take("]")) throw this.fail(this.pos, "has a range that is not closed", advice);
    if (low === "" || high === "") throw this.fail(start, "has a range without two ends", advice);
    this.checkNumber(field, low, start);
    this.checkNumber(field, high, start);
    return made("range", [low, high]);
  }

  private list(field: string, start: number): string[] {
    const values: string[] = [];
    for (;;) {
      values.push(this.argument());
      if (this.take(")")) break;
      if (!this.take(",")) throw this.fail(this.pos, "has a list that is not closed", `write in(a, "b c")`);
    }
    if (field === "time") throw this.badTime(start);
    return values;
  }

  private folded(field: string, made: Make): Condition {
    this.skipSpace();
    const start = this.pos;
    const value = this.value();
    if (field === "id") throw this.badID(start);
    const { values, prefix } = this.words(field, value.toLowerCase(), start, made);
    this.skipSpace();
    if (!this.take(")")) throw this.fail(this.pos, "has an i( that is not closed", `write i(word) or i("some words")`);
    return made("words", values, { fold: true, prefix });
  }

  private checkNumber(field: string, value: string, start: number): void {
    if (field === "time") this.checkTime(value, start);
    else if (field === "id") throw this.badID(start);
    else if (!/^-?\d+(\.\d+)?$/.test(value)) throw this.fail(start, `compares with "${value}", which is not a number`, "use a decimal number, as in latency:>500");
  }

  private checkTime(value: string, start: number): void {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) throw this.badTime(start);
  }

  private done(): boolean {
    return this.pos >= this.text.length;
  }

  private peek(): string {
    return this.text.charAt(this.pos);
  }

  private take(character: string): boolean {
    if (this.done() || this.peek() !== character) return false;
    this.pos += 1;
    return true;
  }

  private call(text: string): boolean {
    if (!this.text.startsWith(text, this.pos)) return false;
    this.pos += text.length;
    return true;
  }

  private skipSpace(): void {
    while (!this.done() && /\s/.test(this.peek())) this.pos += 1;
  }

  private argument(): string {
    this.skipSpace();
    const value = this.value();
    this.skipSpace();
    return value;
  }

  private value(): string {
    if (!this.done() && quotes.includes(this.peek())) return this.quoted();
    const text = this.run("");
    if (text === "") throw this.unexpected();
    return text;
  }

  private run(stops: string): string {
    const start = this.pos;
    while (!this.done() && !/\s/.test(this.peek()) && !stopsOfRun.includes(this.peek()) && !stops.includes(this.peek())) this.pos += 1;
    return this.text.slice(start, this.pos);
  }

  private quoted(): string {
    const start = this.pos;
    const quote = this.peek();
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== quote) end += this.text[end] === "\\" && quote !== "`" ? 2 : 1;
    const inner = this.text.slice(start + 1, end);
    const value = quote === "`" ? inner : unescape(inner);
    if (end >= this.text.length || value === undefined || (quote !== "`" && inner.includes("\n"))) {
      throw this.fail(start, "has a quote that is not closed, or a wrong escape in it", `close it; write \\" and \\\\ inside of "..."`);
    }
    this.pos = end + 1;
    return value;
  }

  private atKeyword(word: string): boolean {
    this.skipSpace();
    const rest = this.text.slice(this.pos, this.pos + word.length + 1);
    if (rest.slice(0, word.length).toLowerCase() !== word) return false;
    const next = rest.charAt(word.length);
    return next === "" || /[()"'`!\s]/.test(next);
  }

  private keyword(word: string): boolean {
    if (!this.atKeyword(word)) return false;
    this.pos += word.length;
    return true;
  }

  private atEnd(): boolean {
    return this.done() || this.peek() === ")" || /\s/.test(this.peek());
  }

  private fail(at: number, message: string, fix: string): Fault {
    return new Fault({ at, message, fix });
  }

  private unexpected(): Fault {
    if (this.done()) return this.fail(this.pos, "ends too early", "complete the last condition");
    const character = String.fromCodePoint(this.text.codePointAt(this.pos) ?? 0);
    if (character === "|") return this.fail(this.pos, "has a pipe, and only the filter part of LogsQL is known", "remove everything from |");
    if (character === "*") return this.fail(this.pos, "has a * inside a text", `put * at the end only, or use field:~"regexp"`);
    return this.fail(this.pos, `has an unexpected "${character}"`, `quote texts that hold special characters, as in "a, b"`);
  }

  private badTime(at: number): Fault {
    return this.fail(at, "has a condition on time that is not understood", "write time:>=2026-01-02T03:04:05Z, or use the time range");
  }

  private badID(at: number): Fault {
    return this.fail(at, "has a condition on id that is not understood", "ids are matched whole: id:=value or id:in(...)");
  }
}

type Make = (kind: Kind, values: string[], more?: Partial<Condition>) => Condition;

function joined(type: "and" | "or", nodes: Node[]): Node {
  const [first] = nodes;
  if (nodes.length === 1 && first) return first;
  return { type, nodes, start: first?.start ?? 0, end: nodes.at(-1)?.end ?? 0 };
}

function negate(node: Node, start: number): Node {
  if (node.type === "condition") return { ...node, start, negated: !node.negated };
  return { type: "not", nodes: [node], start, end: node.end };
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v", "\\": "\\", '"': '"', "'": "'" };

/** unescape reads the escapes of Go's quoted texts; undefined when one is wrong. */
function unescape(text: string): string | undefined {
  let wrong = false;
  const value = text.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.|$)/gs, (_, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Math.min(parseInt(code.slice(1), 16), 0x10ffff));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(parseInt(code, 8));
    wrong ||= escapes[code] === undefined;
    return escapes[code] ?? "";
  });
  return wrong ? undefined : value;
}

/** splitWords returns the words of a text: runs of letters, digits and underscores. */
export function splitWords(text: string): string[] {
  return text.match(/[\p{L}\p{Nd}_\uFFFD]+/gu) ?? [];
}
