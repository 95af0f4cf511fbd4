// Random numbers from a seed, and waiting for a condition.
import { setTimeout as sleep } from 'node:timers/promises';
import { patient } from './patience.mjs';

const PATIENCE_MS = patient(30_000);

/** The seed of this run. */
export const SEED = Number(process.env.BOARDWIRE_TEST_SEED ?? Date.now() % 2 ** 31);

/** Returns a random number generator (mulberry32) that starts from a seed. */
export function seededRandom(seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(random() * limit),
    chance: (share) => random() < share,
    pick: (list) => list[Math.floor(random() * list.length)],
    shuffled: (list) =>
      list
        .map((one) => [random(), one])
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one),
  };
}

/** Waits until `holds` returns true; `what` names the condition in the error. */
export async function until(what, holds, patience = PATIENCE_MS) {
  for (const end = Date.now() + patience; !(await holds()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
  }
}
