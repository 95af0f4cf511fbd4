/** The commands on one connection that wait for their replies, and the timer that detects a silent connection. */
import type { Reply } from "./protocol.js";

/** The reply to a command; `undefined` if the connection ended first. */
export type Answer = Reply<object> | undefined;

export class PendingReplies {
  readonly #waiting = new Set<(answer: Answer) => void>();
  readonly #silenceMs: number;
  readonly #onSilence: () => void;
  #lastReceived = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `onSilence` when a reply is awaited and nothing at all was received for `silenceMs`. */
  constructor(silenceMs: number, onSilence: () => void) {
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
  }

  /** How many commands wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Waits for one reply. Returns the function to call with it, which returns `false` when the reply is too late. */
  add(resolve: (answer: Answer) => void): (answer: Answer) => boolean {
    if (this.#waiting.size === 0) {
      this.#lastReceived = Date.now();
      this.#watchSilence();
    }
    this.#waiting.add(resolve);
    return (answer) => {
      if (!this.#waiting.delete(resolve)) return false;
      if (this.#waiting.size === 0) clearTimeout(this.#timer);
      resolve(answer);
      return true;
    };
  }

  /** Notes that a packet was received: the connection is alive. */
  received(): void {
    this.#lastReceived = Date.now();
  }

  /** Ends all waits without a reply: the connection has ended. */
  endAll(): void {
    clearTimeout(this.#timer);
    const lost = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of lost) resolve(undefined);
  }

  #watchSilence(): void {
    clearTimeout(this.#timer);
    const left = this.#lastReceived + this.#silenceMs - Date.now();
    if (left <= 0) this.#onSilence();
    else this.#timer = setTimeout(() => this.#watchSilence(), left);
  }
}
