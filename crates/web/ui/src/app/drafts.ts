/**
 * What somebody has typed and is nowhere else yet: kept in the browser, so that it is there again after a reload, for that user
 * alone. Every tab has its own; what another one has left behind is taken over.
 */
import { newId } from "@boardwire/client";
import { useEffect, useState } from "react";
import { useSignedIn } from "./signedIn";

const PREFIX = "boardwire-draft";
const TAB = "boardwire-tab";
/** A draft that has not changed for so long is not being typed in another tab at this moment. */
const AT_REST_MS = 10_000;

interface Kept {
  /** When it was kept, in milliseconds since 1970. */
  at: number;
  value: unknown;
}

/** Keeps a draft for a place, such as a task's description; nothing: there is none any more. */
export function keepDraft(userId: string, place: string, value: unknown): void {
  const key = keyOf(userId, place, tab());
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ at: Date.now(), value } satisfies Kept));
  } catch {
    // The browser keeps nothing, or no more: what is typed is still in its field.
  }
}

/** The draft of this tab for a place, or one that another tab has left behind and that is this tab's from now on. */
export function takeDraft(userId: string, place: string): unknown {
  const own = read(keyOf(userId, place, tab()));
  if (own) return own.value;
  for (const key of keysOf(userId, place)) {
    const left = read(key);
    if (left === undefined || Date.now() - left.at < AT_REST_MS) continue;
    localStorage.removeItem(key);
    keepDraft(userId, place, left.value);
    return left.value;
  }
  return undefined;
}

/** The text of a field that is kept until it is sent. */
export function useDraft(place: string): [text: string, setText: (change: string | ((text: string) => string)) => void] {
  const { user } = useSignedIn();
  const [text, setText] = useState(() => textOf(takeDraft(user.id, place)));
  useEffect(() => keepDraft(user.id, place, text === "" ? undefined : text), [user.id, place, text]);
  return [text, setText];
}

/** The texts that are kept for some places, to be shown where they can't be sent any more. */
export function useLeftOver(places: readonly string[]): readonly string[] {
  const { user } = useSignedIn();
  return useState(() => places.map((place) => textOf(takeDraft(user.id, place))).filter((text) => text !== ""))[0];
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { value: written } = (value ?? {}) as { value?: unknown };
  return typeof written === "string" ? written : "";
}

function tab(): string {
  const known = sessionStorage.getItem(TAB) ?? newId();
  sessionStorage.setItem(TAB, known);
  return known;
}

function keyOf(userId: string, place: string, of: string): string {
  return [PREFIX, userId, place, of].join(" ");
}

function keysOf(userId: string, place: string): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(keyOf(userId, place, "")));
}

function read(key: string): Kept | undefined {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}
