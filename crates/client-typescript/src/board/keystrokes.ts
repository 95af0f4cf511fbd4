/** Tells others that the user is typing: at most every two seconds, until no key has been pressed for a while. */
import type { Connection } from "../connection.js";

/** How often `typing:start` is repeated, in milliseconds. The server forgets it after 5 seconds. */
const REPEAT_MS = 2_000;
/** How long after the last key press `typing:stop` is sent, in milliseconds. */
const IDLE_MS = 4_000;

type TypingTarget = { boardId: string } | { taskId: string };

export class Keystrokes {
  readonly #connection: Connection;
  readonly #boardId: string;
  #taskId: string | undefined;
  #lastSent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, boardId: string) {
    this.#connection = connection;
    this.#boardId = boardId;
  }

  /** Handles a key press in a field of this task or of the board. */
  pressed(taskId: string | undefined): void {
    if (taskId !== this.#taskId) this.stop();
    this.#taskId = taskId;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
    if (!this.#connection.up || Date.now() - this.#lastSent < REPEAT_MS) return;
    this.#lastSent = Date.now();
    void this.#connection.ask("typing:start", this.#target);
  }

  /** Tells others that the user has stopped typing. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#lastSent > 0 && this.#connection.up) void this.#connection.ask("typing:stop", this.#target);
    this.#lastSent = 0;
  }

  /** Handles the loss of the connection: the server no longer knows that the user is typing. */
  handleDisconnect(): void {
    this.#lastSent = 0;
  }

  get #target(): TypingTarget {
    return this.#taskId === undefined ? { boardId: this.#boardId } : { taskId: this.#taskId };
  }
}
