/** Notices when a browser's page is about to be left: the last moment to send anything. */
import type { Unsubscribe } from "./listeners.js";

/** Calls `leave` whenever the page is hidden. Does nothing where there is no page. */
export function onPageHidden(listener: () => void): Unsubscribe {
  if (typeof document === "undefined") return () => {};
  const hidden = () => {
    if (document.visibilityState === "hidden") listener();
  };
  document.addEventListener("visibilitychange", hidden);
  return () => document.removeEventListener("visibilitychange", hidden);
}
