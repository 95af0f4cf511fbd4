/**
 * Three-way merge of texts, word by word. It succeeds if the two versions were changed in different places; changes in the same place
 * are for the user to decide.
 */
import { diffArrays } from "diff";

/** A range of the original, in words or lines, and its replacement. */
interface Hunk {
  start: number;
  end: number;
  words: readonly string[];
}

/** Versions that differ in more words are not compared, because the time grows with the number of differences. */
const MAX_CHANGES = 1_000;

/** Returns the original with both changes; `undefined` if they touch each other. */
export function merge(original: string, mine: string, theirs: string): string | undefined {
  if (mine === theirs || theirs === original) return mine;
  if (mine === original) return theirs;
  return combine(wordsOf, original, mine, theirs, () => undefined);
}

/** Returns the original with both changes, merged line by line; where they touch each other, `theirs` comes before `mine`. */
export function mergeAll(original: string, mine: string, theirs: string): string {
  const both = combine(linesOf, original, mine, theirs, (own, others) => [...others.map(withLineEnd), ...own]);
  return both ?? `${theirs}\n\n${mine}`;
}

/** Resolves an overlap: returns the text for a range, from the words of `mine` and the range in `theirs`; `undefined` if it can't. */
type Settle = (own: readonly string[], others: readonly string[]) => readonly string[] | undefined;

function combine(partsOf: (text: string) => string[], original: string, mine: string, theirs: string, settle: Settle): string | undefined {
  const parts = partsOf(original);
  const [own, others] = [hunks(parts, partsOf(mine)), hunks(parts, partsOf(theirs))];
  if (own === undefined || others === undefined) return undefined;
  const merged: string[] = [];
  let at = 0;
  for (let first; (first = earliest(own[0], others[0]));) {
    const { start } = first;
    let { end } = first;
    /** Moves the next hunk of one side if it touches those taken so far. Returns whether it did. */
    const take = (from: Hunk[], into: Hunk[]) => {
      const [next] = from;
      if (!next || !(next === first || touches(next, { start, end }))) return false;
      into.push(next);
      from.shift();
      end = Math.max(end, next.end);
      return true;
    };
    const [myHunks, theirHunks]: [Hunk[], Hunk[]] = [[], []];
    while (take(own, myHunks) || take(others, theirHunks));
    const [one, other] = [applied(parts, start, end, myHunks), applied(parts, start, end, theirHunks)];
    const isMine = theirHunks.length === 0 || one.join("") === other.join("");
    const settled = isMine
      ? one
      : myHunks.length === 0
        ? other
        : settle(
            myHunks.flatMap(({ words }) => words),
            other,
          );
    if (settled === undefined) return undefined;
    merged.push(...parts.slice(at, start), ...settled);
    at = end;
  }
  return [...merged, ...parts.slice(at)].join("");
}

function earliest(one: Hunk | undefined, other: Hunk | undefined): Hunk | undefined {
  return one && other ? (one.start <= other.start ? one : other) : (one ?? other);
}

/** Returns a range of the original with some changes applied. */
function applied(parts: readonly string[], start: number, end: number, changes: readonly Hunk[]): string[] {
  const result: string[] = [];
  let at = start;
  for (const change of changes) {
    result.push(...parts.slice(at, change.start), ...change.words);
    at = change.end;
  }
  return [...result, ...parts.slice(at, end)];
}

/** Returns whether text that was written between the first two versions was removed in the third. */
export function isUndone(before: string, written: string, now: string): boolean {
  if (now === written || before === written) return false;
  const words = wordsOf(written);
  const [additions, changes] = [hunks(words, wordsOf(before)), hunks(words, wordsOf(now))];
  if (additions === undefined || changes === undefined) return true;
  return additions.some((one) => changes.some((other) => one.start < other.end && other.start < one.end));
}

/** Splits a text into words with the space before each; a line end is a word of its own. */
function wordsOf(text: string): string[] {
  return text.match(/[^\S\n]*\S+|[^\S\n]*\n|[^\S\n]+/g) ?? [];
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/** Returns the line with its line end, which the last one of a text may lack. */
function withLineEnd(line: string): string {
  return line.endsWith("\n") ? line : `${line}\n`;
}

/** Returns the differences between two texts that are split into parts; `undefined` if there are more than {@link MAX_CHANGES}. */
function hunks(words: string[], text: string[]): Hunk[] | undefined {
  const parts = diffArrays(words, text, { maxEditLength: MAX_CHANGES });
  if (parts === undefined) return undefined;
  const found: Hunk[] = [];
  let at = 0;
  let open: Hunk | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      at += value.length;
      open = undefined;
      continue;
    }
    if (open === undefined) found.push((open = { start: at, end: at, words: [] }));
    if (added) open.words = value;
    else open.end = at += value.length;
  }
  return found;
}

/** Returns whether two ranges overlap. An insertion also touches its neighbours: which comes first can't be known. */
function touches(one: Pick<Hunk, "start" | "end">, other: Pick<Hunk, "start" | "end">): boolean {
  const isInsertion = one.start === one.end || other.start === other.end;
  return isInsertion ? one.start <= other.end && other.start <= one.end : one.start < other.end && other.start < one.end;
}
