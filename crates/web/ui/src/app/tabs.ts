/** The tabs of this browser that show this server's pages. Each has a name, and tells the others that it is open. */
import { newId } from "@boardwire/client";

type Message = { isOpen: string } | { open: string };

const KEPT = "boardwire-tab";
/** How long an open tab may take to answer. One that the browser has put to sleep does not. */
const ANSWER_MS = 1_000;

const channel = new BroadcastChannel(KEPT);
const say = (message: Message) => channel.postMessage(message);
/** Who waits for the answer of which tab. */
const waiting = new Map<string, Set<() => void>>();
let name = sessionStorage.getItem(KEPT) ?? named();

function named(): string {
  const id = newId();
  sessionStorage.setItem(KEPT, id);
  return id;
}

/** What this tab is called, also after a reload. */
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

channel.onmessage = ({ data }: MessageEvent<Message>) => {
  if ("isOpen" in data) {
    if (data.isOpen === name) say({ open: name });
    return;
  }
  waiting.get(data.open)?.forEach((answered) => answered());
};

// A copy of a tab begins with its name, and needs one of its own.
void isOpen(name).then((taken) => {
  if (taken) name = named();
});
// Whoever asks while a page is loaded anew hears of it now.
say({ open: name });
