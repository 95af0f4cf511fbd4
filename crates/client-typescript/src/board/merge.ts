/**
 * Puts two versions of a text together that were made from a third: word by word, as long as they were changed in different
 * places. What was changed in the same place is for people to decide.
 */
import { diffArrays } from "diff";

/** A place of the original, in words, and what was put there. */
interface Hunk {
  start: number;
  end: number;
  words: readonly string[];
}

/** Versions that differ in more words than that are not compared any further: the time that it takes grows with this. */
const MOST_CHANGES = 1_000;

/** Both changes of the original in one text; nothing if they touch each other. */
export function merge(original: string, mine: string, theirs: string): string | undefined {
  if (mine === theirs || theirs === original) return mine;
  if (mine === original) return theirs;
  const words = wordsOf(original);
  const [own, others] = [hunks(words, mine), hunks(words, theirs)];
  if (own === undefined || others === undefined) return undefined;
  const merged: string[] = [];
  let at = 0;
  for (let [one, other] = [own.shift(), others.shift()]; one || other; ) {
    if (one && other && touches(one, other)) {
      if (!isSame(one, other)) return undefined;
      other = others.shift();
      continue;
    }
    const next = one && (!other || one.start < other.start) ? one : (other as Hunk);
    merged.push(...words.slice(at, next.start), ...next.words);
    at = next.end;
    if (next === one) one = own.shift();
    else other = others.shift();
  }
  return [...merged, ...words.slice(at)].join("");
}

/** Whether something that was written between the first two versions has been taken out in the third. */
export function isUndone(before: string, written: string, now: string): boolean {
  if (now === written || before === written) return false;
  const words = wordsOf(written);
  const [back, on] = [hunks(words, before), hunks(words, now)];
  if (back === undefined || on === undefined) return true;
  return back.some((one) => on.some((other) => one.start < other.end && other.start < one.end));
}

/** A word with the space before it; a line's end is one of its own. */
function wordsOf(text: string): string[] {
  return text.match(/[^\S\n]*\S+|[^\S\n]*\n|[^\S\n]+/g) ?? [];
}

/** Where a text differs from a list of words; nothing if it does so nearly everywhere. */
function hunks(words: string[], text: string): Hunk[] | undefined {
  const parts = diffArrays(words, wordsOf(text), { maxEditLength: MOST_CHANGES });
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

/** Whether two places overlap. Where nothing is replaced, its neighbours count too: which comes first is not to be guessed. */
function touches(one: Hunk, other: Hunk): boolean {
  const isInsertion = one.start === one.end || other.start === other.end;
  return isInsertion ? one.start <= other.end && other.start <= one.end : one.start < other.end && other.start < one.end;
}

function isSame(one: Hunk, other: Hunk): boolean {
  return one.start === other.start && one.end === other.end && one.words.join("") === other.words.join("");
}
