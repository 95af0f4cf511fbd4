/**
 * Drafts: text that is not saved on the server yet, kept in the browser for the user who typed it, so that it survives a reload.
 * Every tab has its own; the drafts of a tab that was closed are taken over by another.
 */
import { useCallback, useEffect, useState } from "react";
import { create } from "zustand";
import { useSignedIn } from "./signedIn";
import { isOpen, thisTab, onTabMayHaveClosed } from "./tabs";

const PREFIX = "boardwire-draft";

interface StoredDraft {
  value: unknown;
  /** The draft of another tab that it was taken over from. It is kept until this one ends, in case that tab is still open. */
  from?: { key: string; value: unknown };
}

/** Keeps a draft for a place, such as a task's description; `undefined` removes it. */
export function keepDraft(userId: string, place: string, value: unknown): void {
  const key = keyOf(userId, place, thisTab());
  if (value === undefined) remove(key);
  else store(key, { ...read(key), value });
}

function store(key: string, kept: StoredDraft): void {
  try {
    storage()?.setItem(key, JSON.stringify(kept));
  } catch {
    // The storage is full: the text is still in its field.
  }
}

/** Returns the browser's storage; `undefined` if the user does not allow it. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Removes a draft, and the one that it was taken over from unless that has changed since. */
function remove(key: string): void {
  const from = read(key)?.from;
  storage()?.removeItem(key);
  if (from && JSON.stringify(read(from.key)?.value) === JSON.stringify(from.value)) remove(from.key);
}

/** Returns this tab's draft for a place. */
function ownDraft(userId: string, place: string): unknown {
  return read(keyOf(userId, place, thisTab()))?.value;
}

/** Returns all drafts of this tab, by place. */
export function ownDrafts(userId: string): (readonly [place: string, value: unknown])[] {
  const [before, after] = [`${PREFIX} ${userId} `, ` ${thisTab()}`];
  const keys = keysWithPrefix(before).filter((key) => key.endsWith(after));
  return keys.map((key) => [key.slice(before.length, -after.length), read(key)?.value]);
}

/** Returns the keys of other tabs' drafts for a place that no tab has taken over. */
function draftsOfOtherTabs(userId: string, place: string): string[] {
  const prefix = keyOf(userId, place, "");
  const all = keysWithPrefix(prefix);
  const taken = new Set(all.map((key) => read(key)?.from?.key));
  return all.filter((key) => key !== prefix + thisTab() && !taken.has(key));
}

/**
 * Offers the drafts for a place until one is taken: that of this tab at once, then those of tabs that were closed. Returns a function that ends
 * the offer.
 */
export function offerDraft(userId: string, place: string, take: (value: unknown) => boolean): () => void {
  const own = ownDraft(userId, place);
  let isWanted = own === undefined || !take(own);
  const offer = async () => {
    for (const key of draftsOfOtherTabs(userId, place)) {
      if (!isWanted || (await isOpen(key.slice(keyOf(userId, place, "").length)))) continue;
      const left = read(key);
      if (!isWanted || left === undefined || !take(left.value)) continue;
      isWanted = false;
      const now = ownDraft(userId, place) ?? left.value;
      store(keyOf(userId, place, thisTab()), { value: now, from: { key, value: left.value } });
    }
  };
  void offer();
  const stop = onTabMayHaveClosed(() => void offer());
  return () => {
    isWanted = false;
    stop();
  };
}

/** A field's text, and the texts that were sent from it and have no reply yet. */
interface UnsentText {
  text: string;
  sent: readonly string[];
  /** The beginning of the text: parts that were refused and returned to the field. */
  returned: string;
}

export interface Draft {
  text: string;
  setText: (text: string) => void;
  /** Empties the field and sends the parts one by one. A part that is refused returns to the field, before what was typed since. */
  send: (parts: readonly string[], each: (part: string) => Promise<unknown>) => void;
}

/** The fields by key; the browser keeps a copy. */
const useUnsentTexts = create<Readonly<Record<string, UnsentText>>>(() => ({}));

/**
 * The text of a field that is sent as a whole. It is kept until the server has accepted it, also while the field is not shown. Texts
 * that return are joined with a separator.
 */
export function useDraft(place: string, separator: string): Draft {
  const { user } = useSignedIn();
  const key = keyOf(user.id, place, "");
  // A text without a reply when the page was left may have been saved or not: better shown twice than lost.
  const current = useCallback(
    () => useUnsentTexts.getState()[key] ?? { ...EMPTY, text: textOf(ownDraft(user.id, place), separator) },
    [key, user.id, place, separator],
  );
  const change = useCallback(
    (next: (now: UnsentText) => UnsentText) => {
      const now = next(current());
      useUnsentTexts.setState({ [key]: now });
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
    text: useUnsentTexts(() => current().text),
    setText: (text) => change((now) => ({ ...now, text })),
    send: (parts, each) => {
      change(({ sent }) => ({ ...EMPTY, sent: [...sent, ...parts] }));
      for (const part of parts) {
        const withoutPart = (now: UnsentText) => ({ ...now, sent: without(now.sent, part) });
        each(part).then(
          () => change(withoutPart),
          () => change((now) => withReturned(withoutPart(now), part, separator)),
        );
      }
    },
  };
}

/** Returns the drafts for some places, to be shown when they can't be sent any more. */
export function useTextsLeftOver(places: readonly string[]): readonly string[] {
  const { user } = useSignedIn();
  const [all, setAll] = useState<readonly unknown[]>([]);
  const key = places.join(" ");
  useEffect(() => {
    const take = (kept: unknown) => {
      setAll((all) => [...all, kept]);
      return true;
    };
    const stops = key.split(" ").map((place) => offerDraft(user.id, place, take));
    return () => stops.forEach((stop) => stop());
  }, [user.id, key]);
  return [...new Set(all.map((draft) => textOf(draft, "\n\n")))].filter((text) => text !== "");
}

const EMPTY: UnsentText = { text: "", sent: [], returned: "" };

/** Returns the text with a refused part, after the earlier refused parts and before what was typed since. */
function withReturned({ text, sent, returned: back }: UnsentText, part: string, separator: string): UnsentText {
  const before = text.startsWith(back) ? back : "";
  const typed = text.slice(before === "" ? 0 : before.length + separator.length);
  const now = [before, part].filter(Boolean).join(separator);
  return { text: [now, typed].filter(Boolean).join(separator), sent, returned: now };
}

function without(parts: readonly string[], part: string): readonly string[] {
  const at = parts.indexOf(part);
  return parts.filter((_, index) => index !== at);
}

/** Returns the text in a draft of any kind. */
function textOf(draft: unknown, separator: string): string {
  const { text = "", sent = [], value } = (draft ?? {}) as Partial<UnsentText> & { value?: unknown };
  if (typeof value === "string") return value;
  return [...sent, text].filter(Boolean).join(separator);
}

function keysWithPrefix(prefix: string): string[] {
  return Object.keys(storage() ?? {}).filter((key) => key.startsWith(prefix));
}

function keyOf(userId: string, place: string, of: string): string {
  return [PREFIX, userId, place, of].join(" ");
}

function read(key: string): StoredDraft | undefined {
  try {
    return (JSON.parse(storage()?.getItem(key) ?? "null") as StoredDraft | null) ?? undefined;
  } catch {
    return undefined;
  }
}
