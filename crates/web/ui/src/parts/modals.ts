/** The dialogs that are open. All else on the page can neither be used nor heard meanwhile, so notices go into the topmost. */
import { useSyncExternalStore } from "react";

let open: readonly HTMLElement[] = [];
const listeners = new Set<() => void>();

function become(next: readonly HTMLElement[]): void {
  open = next;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** To be called when a dialog opens; what it returns, when it closes. */
export function opened(dialog: HTMLElement): () => void {
  become([...open, dialog]);
  return () => become(open.filter((other) => other !== dialog));
}

/** The topmost dialog; without any, the page. */
export function useTopmost(): HTMLElement {
  return useSyncExternalStore(subscribe, () => open.at(-1) ?? document.body);
}
