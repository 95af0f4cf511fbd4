/** The time, as often as what is shown depends on it. */
import { useSyncExternalStore } from "react";

const EVERY_MS = 10_000;
let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  listeners.forEach((listener) => listener());
}, EVERY_MS);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Milliseconds since 1970, a few seconds old at most. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
