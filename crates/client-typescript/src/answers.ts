/** Commands on one connection that wait for their answers, and the watch over a connection that has fallen silent. */
import type { Reply } from "./protocol.js";

/** The reply to a command; nothing when the connection ended before it came. */
export type Answer = Reply<object> | undefined;

export class Answers {
  readonly #waiting = new Set<(answer: Answer) => void>();
  readonly #silenceMs: number;
  readonly #dead: () => void;
  #heard = 0;
  #watch: ReturnType<typeof setTimeout> | undefined;

  /** Calls `dead` when an answer is due and nothing at all has come for `silenceMs`. */
  constructor(silenceMs: number, dead: () => void) {
    this.#silenceMs = silenceMs;
    this.#dead = dead;
  }

  /** How many commands wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Waits for one answer. Returns what to call with it; `false` from that: it comes too late. */
  expect(resolve: (answer: Answer) => void): (answer: Answer) => boolean {
    if (this.#waiting.size === 0) {
      this.#heard = Date.now();
      this.#look();
    }
    this.#waiting.add(resolve);
    return (answer) => {
      if (!this.#waiting.delete(resolve)) return false;
      if (this.#waiting.size === 0) clearTimeout(this.#watch);
      resolve(answer);
      return true;
    };
  }

  /** Something has come: the connection lives. */
  heard(): void {
    this.#heard = Date.now();
  }

  /** The connection has ended: nobody gets an answer. */
  lose(): void {
    clearTimeout(this.#watch);
    const lost = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of lost) resolve(undefined);
  }

  #look(): void {
    clearTimeout(this.#watch);
    const left = this.#heard + this.#silenceMs - Date.now();
    if (left <= 0) this.#dead();
    else this.#watch = setTimeout(() => this.#look(), left);
  }
}
