/** Detects when a page is hidden in a browser: it may be closed next, so this is the last chance to send anything. */
import type { Unsubscribe } from "./listeners.js";

/** Calls the listener whenever the page is hidden. Does nothing outside a browser. */
export function onPageHidden(listener: () => void): Unsubscribe {
  if (typeof document === "undefined") return () => {};
  const hidden = () => {
    if (document.visibilityState === "hidden") listener();
  };
  document.addEventListener("visibilitychange", hidden);
  return () => document.removeEventListener("visibilitychange", hidden);
}
