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

/** Keeps a draft, such as that of a task's description, under an id; `undefined` removes it. */
export function keepDraft(userId: string, draftId: string, value: unknown): void {
  const key = keyOf(userId, draftId, thisTab());
  if (value === undefined) remove(key);
  else store(key, { ...read(key), value });
}

function store(key: string, draft: StoredDraft): void {
  try {
    storage()?.setItem(key, JSON.stringify(draft));
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

/** Returns this tab's draft with this id. */
function ownDraft(userId: string, draftId: string): unknown {
  return read(keyOf(userId, draftId, thisTab()))?.value;
}

/** Returns all drafts of this tab, by id. */
export function ownDrafts(userId: string): (readonly [draftId: string, value: unknown])[] {
  const [before, after] = [`${PREFIX} ${userId} `, ` ${thisTab()}`];
  const keys = keysWithPrefix(before).filter((key) => key.endsWith(after));
  return keys.map((key) => [key.slice(before.length, -after.length), read(key)?.value]);
}

/** Returns the keys of other tabs' drafts with this id that no tab has taken over. */
function draftsOfOtherTabs(userId: string, draftId: string): string[] {
  const prefix = keyOf(userId, draftId, "");
  const all = keysWithPrefix(prefix);
  const taken = new Set(all.map((key) => read(key)?.from?.key));
  return all.filter((key) => key !== prefix + thisTab() && !taken.has(key));
}

/**
 * Offers the drafts with this id until one is taken: that of this tab immediately, then those of tabs that were closed. Returns a
 * function that ends the offer.
 */
export function offerDraft(userId: string, draftId: string, take: (value: unknown) => boolean): () => void {
  const own = ownDraft(userId, draftId);
  let isWanted = own === undefined || !take(own);
  const offer = async () => {
    for (const key of draftsOfOtherTabs(userId, draftId)) {
      if (!isWanted || (await isOpen(key.slice(keyOf(userId, draftId, "").length)))) continue;
      const draft = read(key);
      if (!isWanted || draft === undefined || !take(draft.value)) continue;
      isWanted = false;
      const now = ownDraft(userId, draftId) ?? draft.value;
      store(keyOf(userId, draftId, thisTab()), { value: now, from: { key, value: draft.value } });
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
export function useDraft(draftId: string, separator: string): Draft {
  const { user } = useSignedIn();
  const key = keyOf(user.id, draftId, "");
  // A text without a reply when the page was left may have been saved or not: better shown twice than lost.
  const current = useCallback(
    () => useUnsentTexts.getState()[key] ?? { ...EMPTY, text: textOf(ownDraft(user.id, draftId), separator) },
    [key, user.id, draftId, separator],
  );
  const change = useCallback(
    (next: (now: UnsentText) => UnsentText) => {
      const now = next(current());
      useUnsentTexts.setState({ [key]: now });
      keepDraft(user.id, draftId, now.text === "" && now.sent.length === 0 ? undefined : now);
    },
    [current, key, user.id, draftId],
  );
  useEffect(() => {
    const take = (draft: unknown) => {
      const { text, sent } = current();
      if (text !== "" || sent.length > 0) return false;
      change((now) => ({ ...now, text: textOf(draft, separator) }));
      return true;
    };
    return offerDraft(user.id, draftId, take);
  }, [user.id, draftId, separator, current, change]);
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

/** Returns the texts of the drafts with these ids, to be shown when they can't be sent any more. */
export function useLeftoverTexts(draftIds: readonly string[]): readonly string[] {
  const { user } = useSignedIn();
  const [all, setAll] = useState<readonly unknown[]>([]);
  const key = draftIds.join(" ");
  useEffect(() => {
    const take = (draft: unknown) => {
      setAll((all) => [...all, draft]);
      return true;
    };
    const stops = key.split(" ").map((draftId) => offerDraft(user.id, draftId, take));
    return () => stops.forEach((stop) => stop());
  }, [user.id, key]);
  return [...new Set(all.map((draft) => textOf(draft, "\n\n")))].filter((text) => text !== "");
}

const EMPTY: UnsentText = { text: "", sent: [], returned: "" };

/** Returns the text with a refused part, after the earlier refused parts and before what was typed since. */
function withReturned({ text, sent, returned: earlier }: UnsentText, part: string, separator: string): UnsentText {
  const before = text.startsWith(earlier) ? earlier : "";
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

function keyOf(userId: string, draftId: string, tab: string): string {
  return [PREFIX, userId, draftId, tab].join(" ");
}

function read(key: string): StoredDraft | undefined {
  try {
    return (JSON.parse(storage()?.getItem(key) ?? "null") as StoredDraft | null) ?? undefined;
  } catch {
    return undefined;
  }
}
