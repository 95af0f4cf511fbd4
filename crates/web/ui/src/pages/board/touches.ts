/**
 * Passes on the touch events of elements that were removed. Touch events go to the element that was touched first, even when it is
 * no longer in the page. A card that is dragged from a virtual list is removed, and a copy is dragged instead. The drag-and-drop
 * library listens at the window, where those events would not arrive.
 */
import { useEffect } from "react";

const TYPES = ["touchmove", "touchend", "touchcancel"] as const;

export function useTouchForwarding(): void {
  useEffect(() => {
    addEventListener("touchstart", forwardTouches, { capture: true, passive: true });
    return () => removeEventListener("touchstart", forwardTouches, { capture: true });
  }, []);
}

function forwardTouches({ target }: TouchEvent): void {
  if (!(target instanceof HTMLElement || target instanceof SVGElement)) return;
  const forward = (event: TouchEvent) => {
    const { type, touches, targetTouches, changedTouches } = event;
    if (touches.length === 0) for (const type of TYPES) (target as HTMLElement).removeEventListener(type, forward);
    if (target.isConnected) return;
    const copy = new TouchEvent(type, { cancelable: true, touches: [...touches], targetTouches: [...targetTouches], changedTouches: [...changedTouches] });
    if (!dispatchEvent(copy)) event.preventDefault();
  };
  for (const type of TYPES) (target as HTMLElement).addEventListener(type, forward, { passive: false });
}
