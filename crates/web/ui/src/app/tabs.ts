/** The browser's tabs with pages of this server. Each has a name, and tells the others that it is open. */
import { newId } from "@boardwire/client";

type Message =
  // Asks whether a tab is open; the reply.
  | { isOpen: string }
  | { open: string }
  // A tab was opened or reloaded; the reply if another tab has the same name, as after duplicating a tab.
  | { begins: string }
  | { taken: string }
  | { closes: string };

const KEPT = "boardwire-tab";
/** How long an open tab may take to reply, in milliseconds. A tab that the browser has suspended does not reply. */
const ANSWER_MS = 2_000;
/** How often to check whether a tab has closed, in milliseconds: one that was killed does not say so. */
const LOOK_MS = 5_000;

const channel = new BroadcastChannel(KEPT);
const say = (message: Message) => channel.postMessage(message);
/** The functions that wait for the reply of each tab. */
const waiting = new Map<string, Set<() => void>>();
const mayHaveClosed = new Set<() => void>();
let name = known() ?? named();
let isNew = true;

function known(): string | null {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function named(): string {
  const id = newId();
  try {
    sessionStorage.setItem(KEPT, id);
  } catch {
    // Without storage the tab has another name after a reload.
  }
  return id;
}

/** The name of this tab, which stays the same after a reload. */
export function thisTab(): string {
  return name;
}

/** Whether another tab of this name is open. */
export function isOpen(tab: string): Promise<boolean> {
  return new Promise((resolve) => {
    const others = waiting.get(tab) ?? new Set();
    waiting.set(tab, others);
    const end = (open: boolean) => {
      others.delete(answered);
      clearTimeout(timer);
      resolve(open);
    };
    const answered = () => end(true);
    const timer = setTimeout(end, ANSWER_MS, false);
    others.add(answered);
    say({ isOpen: tab });
  });
}

/** Calls the listener when another tab may have closed or reloaded. Returns what ends that. */
export function onTabMayHaveClosed(listener: () => void): () => void {
  mayHaveClosed.add(listener);
  return () => mayHaveClosed.delete(listener);
}

channel.onmessage = ({ data }: MessageEvent<Message>) => {
  if ("isOpen" in data) {
    if (data.isOpen === name) say({ open: name });
  } else if ("open" in data) {
    answer(data.open);
  } else if ("begins" in data) {
    answer(data.begins);
    if (data.begins === name) say({ taken: name });
  } else if ("taken" in data) {
    if (data.taken === name && isNew) name = named();
  } else {
    lookAgain();
  }
};

function lookAgain(): void {
  mayHaveClosed.forEach((listener) => listener());
}

function answer(open: string): void {
  waiting.get(open)?.forEach((answered) => answered());
}

setInterval(lookAgain, LOOK_MS);
say({ begins: name });
setTimeout(() => (isNew = false), ANSWER_MS);
addEventListener("pagehide", () => say({ closes: name }));
