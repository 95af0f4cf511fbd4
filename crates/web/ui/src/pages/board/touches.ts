/**
 * A finger's events go to the element that it touched first for as long as it is down, also when that has left the page. A
 * card that is lifted from a virtual list leaves it: a copy is what is dragged. The library for dragging listens at the
 * window, where nothing of that arrives, so it is handed on.
 */
import { useEffect } from "react";

const TYPES = ["touchmove", "touchend", "touchcancel"] as const;

export function useTouches(): void {
  useEffect(() => {
    addEventListener("touchstart", follow, { capture: true, passive: true });
    return () => removeEventListener("touchstart", follow, { capture: true });
  }, []);
}

function follow({ target }: TouchEvent): void {
  if (!(target instanceof HTMLElement || target instanceof SVGElement)) return;
  const handOn = (event: TouchEvent) => {
    const { type, touches, targetTouches, changedTouches } = event;
    if (touches.length === 0) for (const type of TYPES) (target as HTMLElement).removeEventListener(type, handOn);
    if (target.isConnected) return;
    const copy = new TouchEvent(type, { cancelable: true, touches: [...touches], targetTouches: [...targetTouches], changedTouches: [...changedTouches] });
    if (!dispatchEvent(copy)) event.preventDefault();
  };
  for (const type of TYPES) (target as HTMLElement).addEventListener(type, handOn, { passive: false });
}
