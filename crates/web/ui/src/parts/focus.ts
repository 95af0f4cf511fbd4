/** Where the focus goes when what had it is gone. */
import { useEffect, useRef, type RefObject } from "react";

function focused(): HTMLElement | null {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && activeElement !== document.body ? activeElement : null;
}

/** What opens something now: what has the focus; within a menu or a panel, which close meanwhile, the button they belong to. */
export function opener(): HTMLElement | null {
  const element = focused();
  const panel = element?.closest(".popover");
  return panel ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(panel.id)}"]`) : element;
}

/** For what opens: the focus goes to what has `data-autofocus`. Says whether there is such a thing. */
export function focusFirst(event: Event): boolean {
  const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("[data-autofocus]");
  if (first === null) return false;
  event.preventDefault();
  first.focus();
  return true;
}

/** For panels that close: the focus goes back to their button, unless something has taken it. */
export function giveBack(event: Event): void {
  if (focused() !== null) event.preventDefault();
}

/** For what takes the place of a button while it is open: the button has the focus once it is closed, unless something has taken it. */
export function useFocusBack<Element extends HTMLElement>(open: boolean): RefObject<Element | null> {
  const button = useRef<Element>(null);
  const was = useRef(open);
  useEffect(() => {
    const closed = was.current && !open;
    was.current = open;
    if (!closed) return;
    // A click elsewhere, which may have closed it, is about to move the focus.
    const timer = setTimeout(() => {
      const element = focused();
      // A dialog takes what its parts let fall.
      if (element === null || element.matches(".dialog-frame")) button.current?.focus({ preventScroll: true });
    });
    return () => clearTimeout(timer);
  }, [open]);
  return button;
}
