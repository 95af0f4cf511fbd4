/** Short notices on the page, and announcements for screen readers. */
import { X } from "lucide-react";
import { createPortal } from "react-dom";
import { create } from "zustand";
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
/** How many notices are shown at a time: more would cover the page. */
const MAX_NOTICES = 3;

interface State {
  notices: readonly Notice[];
  /** The latest sentence for screen readers. */
  announcement: string;
}

const useStore = create<State>(() => ({ notices: [], announcement: "" }));
let last = 0;

/** Shows a notice for some seconds, an error for twice as long. Returns a function that dismisses it. */
export function notify(text: string, { kind = "plain", action }: { kind?: Notice["kind"]; action?: Notice["action"] } = {}): () => void {
  const notice: Notice = { id: (last += 1), text, kind, ...(action ? { action } : {}) };
  // A notice with the same text replaces the earlier one.
  useStore.setState(({ notices }) => ({ notices: [...notices.filter((other) => other.text !== text), notice].slice(-MAX_NOTICES) }));
  const end = () => dismiss(notice.id);
  setTimeout(end, kind === "bad" ? SHOWN_MS * 2 : SHOWN_MS);
  return end;
}

/** Shows that something failed, and why. */
export function notifyError(what: string, error: unknown): void {
  notify(`${what}: ${reasonOf(error)}`, { kind: "bad" });
}

function dismiss(id: number): void {
  useStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

/** Makes screen readers read a sentence. */
export function announce(text: string): void {
  // A sentence that does not differ from the last would not be read again.
  useStore.setState(({ announcement }) => ({ announcement: announcement === text ? `${text}\u00a0` : text }));
}

export function Notices() {
  const { notices, announcement } = useStore();
  const container = useTopmost();
  return createPortal(
    <>
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
        {announcement}
      </div>
      <div className="toasts" role="region" aria-label="Notices">
        {notices.map(({ id, text, kind, action }) => (
          <div key={id} className="toast" data-kind={kind} role={kind === "bad" ? "alert" : "status"}>
            <span className="user-text">{text}</span>
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
    container,
  );
}
