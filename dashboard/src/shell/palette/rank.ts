// Which of many things somebody means who types a few letters.

import type { Command } from "../../ui/commands";

export interface Match {
  command: Command;
  score: number;
  /** The places of the label that match, to mark them. */
  marks: number[];
}

interface Hit {
  score: number;
  marks: number[];
}

const boundary = /[\s_\-./:]/;

function startsWord(text: string, at: number): boolean {
  return at === 0 || boundary.test(text[at - 1]!);
}

function places(at: number, length: number): number[] {
  return Array.from({ length }, (_, i) => at + i);
}

/** hit finds a word in a text: whole at the start, at the start of a word, inside, or letter by letter. */
function hit(word: string, text: string): Hit | undefined {
  const starts = [...text.matchAll(new RegExp(escape(word), "g"))].map((match) => match.index);
  const first = starts[0];
  if (first === 0) return { score: word.length === text.length ? 120 : 100, marks: places(0, word.length) };
  const inner = starts.find((at) => startsWord(text, at));
  if (inner !== undefined) return { score: 80, marks: places(inner, word.length) };
  if (first !== undefined) return { score: 60, marks: places(first, word.length) };
  return lettersOf(word, text);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** lettersOf finds a word in the first letters of words, or in more of them: "hsrd", "httpreq". */
function lettersOf(word: string, text: string): Hit | undefined {
  for (let start = 0; start < text.length; start++) {
    if (text[start] !== word[0] || !startsWord(text, start)) continue;
    const marks = [start];
    for (let at = start + 1; at < text.length && marks.length < word.length; at++) {
      const follows = at === marks.at(-1)! + 1;
      if (text[at] === word[marks.length] && (follows || startsWord(text, at))) marks.push(at);
    }
    if (marks.length === word.length) return { score: 30, marks };
  }
  return undefined;
}

/** match says how well a command fits the words, all of which it must have. */
export function match(words: string[], command: Command): Match | undefined {
  const label = command.label.toLowerCase();
  const rest = `${command.group ?? ""} ${command.keywords ?? ""}`.toLowerCase();
  let score = 0;
  const marks: number[] = [];
  for (const word of words) {
    const inLabel = hit(word, label);
    const inRest = inLabel && inLabel.score >= 60 ? undefined : hit(word, rest);
    const elsewhere = inRest && inRest.score >= 60 ? inRest.score / 2 : 0;
    if (!inLabel && elsewhere === 0) return undefined;
    if (inLabel && inLabel.score >= elsewhere) marks.push(...inLabel.marks);
    score += Math.max(inLabel?.score ?? 0, elsewhere);
  }
  return { command, score: score - label.length / 10, marks };
}

/** How much having been used lately counts, the last one most. */
const recentBonus = 30;

/** rank puts commands in order for what was typed: the best first, what was used lately before its likes. */
export function rank(query: string, commands: readonly Command[], recent: readonly string[], most: number): Match[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const bonus = (id: string) => {
    const at = recent.indexOf(id);
    return at < 0 ? 0 : recentBonus * (1 - at / recent.length);
  };
  const found = commands.flatMap((command) => {
    const matched = match(words, command);
    return matched ? [{ ...matched, score: matched.score + bonus(command.id) }] : [];
  });
  return found.toSorted((a, b) => b.score - a.score).slice(0, most);
}
