/** Where the focus goes when the element that had it is removed. */
import { useEffect, useRef, type RefObject } from "react";

function focused(): HTMLElement | null {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && activeElement !== document.body ? activeElement : null;
}

/** Returns the element that opens a dialog: the focused one or, in a menu or panel (which close), the button that opened that. */
export function openingElement(): HTMLElement | null {
  const element = focused();
  const panel = element?.closest(".popover");
  return panel ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(panel.id)}"]`) : element;
}

/** Focuses the element with `data-autofocus` in a dialog or panel that opens. Returns whether there is one. */
export function focusFirst(event: Event): boolean {
  const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("[data-autofocus]");
  if (first === null) return false;
  event.preventDefault();
  first.focus();
  return true;
}

/** Keeps a panel that closes from taking the focus back to its button if something else has it. */
export function keepFocusElsewhere(event: Event): void {
  if (focused() !== null) event.preventDefault();
}

/** Returns a ref for a button that is replaced while something is open: it gets the focus afterwards, unless something else has it. */
export function useFocusBack<Element extends HTMLElement>(open: boolean): RefObject<Element | null> {
  const button = useRef<Element>(null);
  const wasOpen = useRef(open);
  useEffect(() => {
    const closed = wasOpen.current && !open;
    wasOpen.current = open;
    if (!closed) return;
    // A click elsewhere, which may have closed it, is about to move the focus.
    const timer = setTimeout(() => {
      const element = focused();
      // A dialog gets the focus when its focused element is removed.
      if (element === null || element.matches(".dialog-frame")) button.current?.focus({ preventScroll: true });
    });
    return () => clearTimeout(timer);
  }, [open]);
  return button;
}
