/** Tells others that the user types: at most every other second, until no key is pressed for a while. */
import type { Connection } from "../connection.js";

/** How often it is repeated, in milliseconds. The server forgets it after 5 seconds. */
const REPEAT_MS = 2_000;
/** How long after the last key it is taken back, in milliseconds. */
const IDLE_MS = 4_000;

type Place = { boardId: string } | { taskId: string };

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

  /** A key was pressed, in a field of this task or of the board. */
  pressed(taskId: string | undefined): void {
    if (taskId !== this.#taskId) this.stop();
    this.#taskId = taskId;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
    if (!this.#connection.up || Date.now() - this.#lastSent < REPEAT_MS) return;
    this.#lastSent = Date.now();
    void this.#connection.ask("typing:start", this.#place);
  }

  /** Nothing more is typed. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#lastSent > 0 && this.#connection.up) void this.#connection.ask("typing:stop", this.#place);
    this.#lastSent = 0;
  }

  /** The connection is gone, and with it what was said. */
  handleDisconnect(): void {
    this.#lastSent = 0;
  }

  get #place(): Place {
    return this.#taskId === undefined ? { boardId: this.#boardId } : { taskId: this.#taskId };
  }
}
