/** What to do about a refusal: wait and try again, or give up. */
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import { BoardwireError } from "./error.js";
import type { CommandName, Commands, Failure, Success } from "./protocol.js";

/** After how many internal errors of the server a command is given up. */
const MAX_INTERNAL_ERRORS = 5;

/** The attempts at one command. */
export class Attempts {
  readonly #backoff = new Backoff({ minMs: 250, maxMs: 10_000 });
  #internalErrors = 0;

  /** Returns how long to wait before the next attempt, in milliseconds; `undefined` if another is useless. */
  delayAfter(failure: Failure): number | undefined {
    switch (failure.code) {
      case "RATE_LIMIT":
        return (failure.retryAfter ?? 1) * 1000;
      case "UNAVAILABLE":
        return this.#backoff.next();
      case "INTERNAL":
        this.#internalErrors += 1;
        return this.#internalErrors < MAX_INTERNAL_ERRORS ? this.#backoff.next() : undefined;
      default:
        return undefined;
    }
  }
}

/**
 * Sends a command on this connection until it is answered. Resolves to `undefined` if the connection ends first. For commands that
 * concern the connection itself: they do not wait in the command queue.
 *
 * @throws BoardwireError when it is refused
 */
export async function requestWithRetry<Name extends CommandName>(
  connection: Connection,
  name: Name,
  payload: Commands[Name]["payload"],
): Promise<Success<Commands[Name]["result"]> | undefined> {
  for (const attempts = new Attempts(); ;) {
    const answer = await connection.ask(name, payload);
    if (answer === undefined) return undefined;
    if (answer.ok) return answer;
    const wait = attempts.delayAfter(answer);
    if (wait === undefined) throw BoardwireError.of(answer);
    if (!(await connection.pause(wait))) return undefined;
  }
}
