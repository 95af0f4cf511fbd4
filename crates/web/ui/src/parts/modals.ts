/** The open dialogs. The rest of the page is inert while one is open, so notices go into the topmost. */
import { create } from "zustand";

const useStore = create<{ open: readonly HTMLElement[] }>(() => ({ open: [] }));

/** Adds a dialog that has opened. Returns the function to call when it closes. */
export function addDialog(dialog: HTMLElement): () => void {
  useStore.setState(({ open }) => ({ open: [...open, dialog] }));
  return () => useStore.setState(({ open }) => ({ open: open.filter((other) => other !== dialog) }));
}

/** Returns the topmost dialog; the page's body if none is open. */
export function useTopmost(): HTMLElement {
  return useStore(({ open }) => open.at(-1)) ?? document.body;
}
