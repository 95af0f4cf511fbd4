/** The current time, kept up to date for components. */
import { create } from "zustand";

const INTERVAL_MS = 10_000;

/** Milliseconds since 1970, at most ten seconds old. */
export const useNow = create<number>(() => Date.now());

setInterval(() => useNow.setState(Date.now()), INTERVAL_MS);
