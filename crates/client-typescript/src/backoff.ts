/** How long to wait before the next attempt: twice as long each time, up to a limit, with jitter. */

export interface BackoffOptions {
  /** The first wait, in milliseconds, before jitter. */
  minMs: number;
  /** The longest wait, in milliseconds, before jitter. */
  maxMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How many waits there have been since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Returns the next wait, with jitter. */
  next(): number {
    const { minMs, maxMs } = this.#options;
    const wait = Math.min(maxMs, minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return jittered(wait);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

/** Returns a random time between half and one and a half of the given one. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random());
}
