// The difference of two texts by lines, as people know it: what stays, what goes, what comes.

export interface DiffLine {
  kind: "same" | "removed" | "added" | "gap";
  text: string;
}

/** Above so many pairs of lines the middle is shown as replaced: it would take too long. */
const mostPairs = 4_000_000;

/** longestCommon returns the pairs of equal lines of a longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > mostPairs) return [];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}

/** diffLines compares two texts; what goes stands before what comes. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const middleA = a.slice(start, a.length - end);
  const middleB = b.slice(start, b.length - end);
  const lines: DiffLine[] = a.slice(0, start).map((text) => ({ kind: "same", text }));
  let i = 0;
  let j = 0;
  for (const [nextA, nextB] of [...longestCommon(middleA, middleB), [middleA.length, middleB.length] as [number, number]]) {
    for (; i < nextA; i++) lines.push({ kind: "removed", text: middleA[i]! });
    for (; j < nextB; j++) lines.push({ kind: "added", text: middleB[j]! });
    if (nextA < middleA.length) lines.push({ kind: "same", text: middleA[nextA]! });
    i++;
    j++;
  }
  return [...lines, ...a.slice(a.length - end).map((text): DiffLine => ({ kind: "same", text }))];
}

/** withContext leaves out what is the same, except for some lines around each change. */
export function withContext(lines: readonly DiffLine[], around = 3): DiffLine[] {
  const keep = lines.map(() => false);
  lines.forEach((line, i) => {
    if (line.kind === "same") return;
    for (let k = Math.max(0, i - around); k <= Math.min(lines.length - 1, i + around); k++) keep[k] = true;
  });
  const result: DiffLine[] = [];
  let left = 0;
  const close = () => {
    if (left > 0) result.push({ kind: "gap", text: left === 1 ? "1 line is the same" : `${left} lines are the same` });
    left = 0;
  };
  lines.forEach((line, i) => {
    if (keep[i]) {
      close();
      result.push(line);
    } else {
      left += 1;
    }
  });
  close();
  return result;
}
