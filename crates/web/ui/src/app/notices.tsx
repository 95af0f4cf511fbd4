/** What the page says: short notices for everybody, and sentences for screen readers alone. */
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { Button } from "../parts/Button";
import { useTopmost } from "../parts/modals";
import { reasonOf } from "./reason";

export interface Notice {
  id: number;
  text: string;
  kind: "plain" | "bad";
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6_000;
let notices: readonly Notice[] = [];
let spoken = "";
let last = 0;
const listeners = new Set<() => void>();
const told = () => listeners.forEach((listener) => listener());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows a notice for a few seconds, or until what is returned is called. What is refused stays longer. */
export function notify(text: string, { kind = "plain", action }: { kind?: Notice["kind"]; action?: Notice["action"] } = {}): () => void {
  // The same again says nothing new.
  const others = notices.filter((notice) => notice.text !== text);
  const notice: Notice = { id: (last += 1), text, kind, ...(action ? { action } : {}) };
  notices = [...others, notice].slice(-3);
  const end = () => dismiss(notice.id);
  setTimeout(end, kind === "bad" ? SHOWN_MS * 2 : SHOWN_MS);
  told();
  return end;
}

/** Says that something did not work, with the reason. */
export function complain(what: string, error: unknown): void {
  notify(`${what}: ${reasonOf(error)}`, { kind: "bad" });
}

function dismiss(id: number): void {
  notices = notices.filter((notice) => notice.id !== id);
  told();
}

/** Says something to screen readers. */
export function announce(text: string): void {
  // The same sentence twice is heard twice.
  spoken = spoken === text ? `${text}\u00a0` : text;
  told();
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  const sentence = useSyncExternalStore(subscribe, () => spoken);
  const place = useTopmost();
  return createPortal(
    <>
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
        {sentence}
      </div>
      <div className="toasts" role="region" aria-label="Notices">
        {shown.map(({ id, text, kind, action }) => (
          <div key={id} className="toast" data-kind={kind} role={kind === "bad" ? "alert" : "status"}>
            <span className="said">{text}</span>
            {action && (
              <Button kind="quiet" size="small" onClick={() => (dismiss(id), action.run())}>
                {action.label}
              </Button>
            )}
            <Button kind="quiet" size="small" icon label="Dismiss" onClick={() => dismiss(id)}>
              <X size={14} />
            </Button>
          </div>
        ))}
      </div>
    </>,
    place,
  );
}
