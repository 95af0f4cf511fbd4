/** A set of listeners. One that throws is reported, and the others are called all the same. */

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** Called with the error of a listener. */
export type Report = (error: unknown) => void;

export class Listeners<Args extends unknown[]> {
  readonly #entries = new Set<{ listener: (...args: Args) => void }>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a listener; the same function may be added twice. */
  add(listener: (...args: Args) => void): Unsubscribe {
    const entry = { listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** Calls the current listeners in the order in which they were added. */
  emit(...args: Args): void {
    for (const { listener } of [...this.#entries]) {
      try {
        listener(...args);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
