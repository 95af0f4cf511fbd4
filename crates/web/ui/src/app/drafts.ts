/**
 * What somebody has typed and is nowhere else yet: kept in the browser, so that it is there again after a reload, for that user
 * alone. Every tab has its own; what a tab that was closed has left behind is taken over.
 */
import { useCallback, useEffect, useState } from "react";
import { create } from "zustand";
import { useSignedIn } from "./signedIn";
import { isOpen, thisTab, whenATabMayHaveClosed } from "./tabs";

const PREFIX = "boardwire-draft";

interface Kept {
  value: unknown;
  /** The draft of another tab that it was taken over from: kept until this one ends, since that tab may be there after all. */
  from?: { key: string; value: unknown };
}

/** Keeps a draft for a place, such as a task's description; nothing: there is none any more. */
export function keepDraft(userId: string, place: string, value: unknown): void {
  const key = keyOf(userId, place, thisTab());
  if (value === undefined) end(key);
  else keep(key, { ...read(key), value });
}

function keep(key: string, kept: Kept): void {
  try {
    storage()?.setItem(key, JSON.stringify(kept));
  } catch {
    // There is no more room: what is typed is still in its field.
  }
}

/** Nothing where the browser is not to keep anything. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Ends a draft, and those that it was taken over from, if they are as they were then. */
function end(key: string): void {
  const from = read(key)?.from;
  storage()?.removeItem(key);
  if (from && JSON.stringify(read(from.key)?.value) === JSON.stringify(from.value)) end(from.key);
}

/** The draft of this tab for a place. */
function ownDraft(userId: string, place: string): unknown {
  return read(keyOf(userId, place, thisTab()))?.value;
}

/** All drafts of this tab, by place. */
export function ownDrafts(userId: string): (readonly [place: string, value: unknown])[] {
  const [before, after] = [`${PREFIX} ${userId} `, ` ${thisTab()}`];
  const keys = keysThatBegin(before).filter((key) => key.endsWith(after));
  return keys.map((key) => [key.slice(before.length, -after.length), read(key)?.value]);
}

/** The drafts for a place that are another tab's, and that no tab has taken over. */
function othersDrafts(userId: string, place: string): string[] {
  const prefix = keyOf(userId, place, "");
  const all = keysThatBegin(prefix);
  const taken = new Set(all.map((key) => read(key)?.from?.key));
  return all.filter((key) => key !== prefix + thisTab() && !taken.has(key));
}

/**
 * Offers what is kept for a place until something is taken: the draft of this tab at once, then what tabs that are not open any
 * more have left behind. The offer ends with a call of what is returned.
 */
export function offerDraft(userId: string, place: string, take: (value: unknown) => boolean): () => void {
  const own = ownDraft(userId, place);
  let isWanted = own === undefined || !take(own);
  const offer = async () => {
    for (const key of othersDrafts(userId, place)) {
      if (!isWanted || (await isOpen(key.slice(keyOf(userId, place, "").length)))) continue;
      const left = read(key);
      if (!isWanted || left === undefined || !take(left.value)) continue;
      isWanted = false;
      const now = ownDraft(userId, place) ?? left.value;
      keep(keyOf(userId, place, thisTab()), { value: now, from: { key, value: left.value } });
    }
  };
  void offer();
  const stop = whenATabMayHaveClosed(() => void offer());
  return () => {
    isWanted = false;
    stop();
  };
}

/** A field's text, and what was sent from it and has not been answered. */
interface Unsent {
  text: string;
  sent: readonly string[];
  /** What the text begins with that has come back. */
  back: string;
}

export interface Draft {
  text: string;
  setText: (text: string) => void;
  /** Sends what was in the field, part by part, which is empty then. What is refused comes back, before what was typed since. */
  send: (parts: readonly string[], each: (part: string) => Promise<unknown>) => void;
}

/** By key; the browser has a copy. */
const useUnsent = create<Readonly<Record<string, Unsent>>>(() => ({}));

/**
 * The text of a field that is sent as a whole. It is kept until the server has taken it, also while the field is not shown. Texts
 * that come back are joined with a separator.
 */
export function useDraft(place: string, separator: string): Draft {
  const { user } = useSignedIn();
  const key = keyOf(user.id, place, "");
  // What had no answer when the page was left may have got through or not: it is better seen twice than lost.
  const current = useCallback(
    () => useUnsent.getState()[key] ?? { ...NOTHING, text: textOf(ownDraft(user.id, place), separator) },
    [key, user.id, place, separator],
  );
  const change = useCallback(
    (next: (now: Unsent) => Unsent) => {
      const now = next(current());
      useUnsent.setState({ [key]: now });
      keepDraft(user.id, place, now.text === "" && now.sent.length === 0 ? undefined : now);
    },
    [current, key, user.id, place],
  );
  useEffect(() => {
    const take = (kept: unknown) => {
      const { text, sent } = current();
      if (text !== "" || sent.length > 0) return false;
      change((now) => ({ ...now, text: textOf(kept, separator) }));
      return true;
    };
    return offerDraft(user.id, place, take);
  }, [user.id, place, separator, current, change]);
  return {
    text: useUnsent(() => current().text),
    setText: (text) => change((now) => ({ ...now, text })),
    send: (parts, each) => {
      change(({ sent }) => ({ ...NOTHING, sent: [...sent, ...parts] }));
      for (const part of parts) {
        const taken = (now: Unsent) => ({ ...now, sent: without(now.sent, part) });
        each(part).then(
          () => change(taken),
          () => change((now) => returned(taken(now), part, separator)),
        );
      }
    },
  };
}

/** The texts that are kept for some places, to be shown where they can't be sent any more. */
export function useLeftOver(places: readonly string[]): readonly string[] {
  const { user } = useSignedIn();
  const [all, setAll] = useState<readonly unknown[]>([]);
  const key = places.join(" ");
  useEffect(() => {
    const take = (kept: unknown) => {
      setAll((all) => [...all, kept]);
      return true;
    };
    const ends = key.split(" ").map((place) => offerDraft(user.id, place, take));
    return () => ends.forEach((end) => end());
  }, [user.id, key]);
  return [...new Set(all.map((draft) => textOf(draft, "\n\n")))].filter((text) => text !== "");
}

const NOTHING: Unsent = { text: "", sent: [], back: "" };

/** With a part that has come back: behind those before it, and before what was typed since. */
function returned({ text, sent, back }: Unsent, part: string, separator: string): Unsent {
  const before = text.startsWith(back) ? back : "";
  const typed = text.slice(before === "" ? 0 : before.length + separator.length);
  const now = [before, part].filter(Boolean).join(separator);
  return { text: [now, typed].filter(Boolean).join(separator), sent, back: now };
}

function without(parts: readonly string[], part: string): readonly string[] {
  const at = parts.indexOf(part);
  return parts.filter((_, index) => index !== at);
}

/** What somebody wrote, in any draft. */
function textOf(draft: unknown, separator: string): string {
  const { text = "", sent = [], value } = (draft ?? {}) as Partial<Unsent> & { value?: unknown };
  if (typeof value === "string") return value;
  return [...sent, text].filter(Boolean).join(separator);
}

function keysThatBegin(prefix: string): string[] {
  return Object.keys(storage() ?? {}).filter((key) => key.startsWith(prefix));
}

function keyOf(userId: string, place: string, of: string): string {
  return [PREFIX, userId, place, of].join(" ");
}

function read(key: string): Kept | undefined {
  try {
    return (JSON.parse(storage()?.getItem(key) ?? "null") as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}
