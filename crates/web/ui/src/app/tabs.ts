/**
 * The browser's tabs with pages of this server. Each has a name, and tells the others over a channel that it is open. To find
 * out whether a tab is open, another asks for it by name, with a time limit for the reply.
 */
import { newId } from "@boardwire/client";

/**
 * The field of a message that holds the name of the tab concerned. Pages of other versions may be open at the same time, so these
 * fields keep their names.
 *
 * `isOpen` and `open`: whether a tab is open, and the reply. `begins`: a tab was opened or reloaded; `taken` is the reply of another tab
 * with the same name, as after duplicating a tab. `closes`: a tab was closed, or its page was left.
 */
type MessageType = "isOpen" | "open" | "begins" | "taken" | "closes";

/** The name of the channel, and the key of the tab's name in the session storage. */
const KEY = "boardwire-tab";
/** How long an open tab may take to reply, in milliseconds. A tab that the browser has suspended does not reply. */
const REPLY_MS = 2_000;
/** How often the listeners check whether a tab has closed, in milliseconds: a killed tab sends no message. */
const CHECK_INTERVAL_MS = 5_000;

const channel = new BroadcastChannel(KEY);
/** The functions that wait for the reply of a tab, by its name. */
const waiting = new Map<string, Set<() => void>>();
const listeners = new Set<() => void>();
let name = storedName() ?? newName();
/** Whether another tab may still say that it has this name. */
let isNew = true;

function storedName(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function newName(): string {
  const id = newId();
  try {
    sessionStorage.setItem(KEY, id);
  } catch {
    // Without storage the tab has another name after a reload.
  }
  return id;
}

/** Returns the name of this tab, which stays the same after a reload. */
export function thisTab(): string {
  return name;
}

/** Returns whether another tab of this name is open. */
export function isOpen(tab: string): Promise<boolean> {
  return new Promise((resolve) => {
    const replies = waiting.get(tab) ?? new Set();
    waiting.set(tab, replies);
    const settle = (open: boolean) => {
      replies.delete(onReply);
      clearTimeout(timer);
      resolve(open);
    };
    const onReply = () => settle(true);
    const timer = setTimeout(settle, REPLY_MS, false);
    replies.add(onReply);
    send("isOpen", tab);
  });
}

/** Calls the listener when another tab may have closed or reloaded. Returns a function that removes the listener. */
export function onTabMayHaveClosed(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function send(type: MessageType, tab: string): void {
  channel.postMessage({ [type]: tab });
}

channel.onmessage = ({ data }: MessageEvent<Record<string, string>>) => {
  const [type, tab = ""] = Object.entries(data)[0] ?? [];
  switch (type) {
    case "isOpen":
      if (tab === name) send("open", name);
      break;
    case "open":
      noteOpen(tab);
      break;
    case "begins":
      noteOpen(tab);
      if (tab === name) send("taken", name);
      break;
    case "taken":
      if (tab === name && isNew) name = newName();
      break;
    case "closes":
      callListeners();
  }
};

/** Ends all waits for this tab's reply: it is open. */
function noteOpen(tab: string): void {
  waiting.get(tab)?.forEach((onReply) => onReply());
}

function callListeners(): void {
  listeners.forEach((listener) => listener());
}

setInterval(callListeners, CHECK_INTERVAL_MS);
send("begins", name);
setTimeout(() => (isNew = false), REPLY_MS);
addEventListener("pagehide", () => send("closes", name));
