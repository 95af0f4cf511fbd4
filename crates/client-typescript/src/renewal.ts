/** Renews the token on the open connection before it expires. */
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";

/** How long before its end a token is renewed, in milliseconds; a short-lived one is renewed at half its time. */
const AHEAD_MS = 60_000;
/** The longest timer, in milliseconds: timers can't be longer than 24 days. */
const MAX_TIMER_MS = 86_400_000;

export class Renewal {
  readonly #connection: Connection;
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 30_000 });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onUp.add(() => this.#schedule(connection.credentials.expiresAt));
    connection.onDown.add(() => clearTimeout(this.#timer));
  }

  #schedule(end: number | undefined): void {
    clearTimeout(this.#timer);
    if (end === undefined || !this.#connection.credentials.renewable) return;
    const left = end - Date.now();
    const wait = Math.max(left - AHEAD_MS, left / 2, 0);
    this.#timer = setTimeout(() => (wait > MAX_TIMER_MS ? this.#schedule(end) : void this.#renew()), Math.min(wait, MAX_TIMER_MS));
  }

  /** Renews the token. If that fails until it expires, the connection ends with it, and the next one fetches another. */
  async #renew(): Promise<void> {
    let end: number | undefined;
    try {
      const token = await this.#connection.credentials.token();
      const answer = await this.#connection.ask("auth:refresh", { token });
      if (answer === undefined) return;
      if (answer.ok) end = Date.parse((answer as { expiresAt?: string }).expiresAt ?? "");
    } catch {
      // No token could be fetched: retried below.
    }
    if (!this.#connection.up) return;
    if (end !== undefined && !Number.isNaN(end)) {
      this.#backoff.reset();
      this.#schedule(end);
    } else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#renew(), this.#backoff.next());
    }
  }
}
