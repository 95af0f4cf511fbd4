/**
 * How a board's events reach this connection. A connection views one board at a time; for each other open board there is a
 * subscription.
 */
import type { Connection } from "../connection.js";
import { requestWithRetry } from "../retry.js";
import type { Viewer, ViewerStatus } from "../protocol.js";
import type { Joined } from "./replica.js";

/** The board that the client's connection views, if any. */
export interface ViewedBoard {
  boardId: string | undefined;
}

export class BoardSubscription {
  readonly #boardId: string;
  readonly #connection: Connection;
  readonly #viewedBoard: ViewedBoard;
  #subscriptionId: string | undefined;
  #presence: { status: ViewerStatus; taskId?: string } | undefined;
  #closed = false;

  constructor(boardId: string, connection: Connection, viewedBoard: ViewedBoard) {
    this.#boardId = boardId;
    this.#connection = connection;
    this.#viewedBoard = viewedBoard;
  }

  /** Starts to receive events on a connection that is up. Returns nothing when the connection ends before. */
  async join(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    const boardId = this.#boardId;
    this.#viewedBoard.boardId ??= boardId;
    const views = this.#viewedBoard.boardId === boardId;
    this.#subscriptionId = undefined;
    const joined = views ? await this.#view(from) : await this.#subscribe(from);
    if (joined && this.#presence) this.#sendPresence();
    return joined;
  }

  /** Tells the server which task the user has open, and whether the user is present. Repeated on each connection. */
  setPresence(status: ViewerStatus, taskId: string | undefined): void {
    this.#presence = { status, ...(taskId === undefined ? {} : { taskId }) };
    if (this.#connection.up) this.#sendPresence();
  }

  /** Ends the view or the subscription. */
  leave(): void {
    this.#closed = true;
    if (this.#viewedBoard.boardId === this.#boardId) {
      this.#viewedBoard.boardId = undefined;
      void this.#connection.ask("view:leave", {});
    } else {
      this.#unsubscribe();
    }
  }

  #view(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    return requestWithRetry(this.#connection, "view:board", { boardId: this.#boardId, ...from });
  }

  async #subscribe(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    const boardId = this.#boardId;
    const joined = await requestWithRetry(this.#connection, "subscribe", { type: "*", filters: { boardId }, ...from });
    if (joined === undefined) return undefined;
    this.#subscriptionId = joined.subscriptionId;
    if (this.#closed) this.#unsubscribe();
    const users: Viewer[] | undefined = (await requestWithRetry(this.#connection, "presence:list", { boardId }))?.users;
    return users && { ...joined, viewers: users };
  }

  #unsubscribe(): void {
    const subscriptionId = this.#subscriptionId;
    this.#subscriptionId = undefined;
    if (subscriptionId !== undefined) void this.#connection.ask("unsubscribe", { subscriptionId });
  }

  #sendPresence(): void {
    void this.#connection.ask("presence:update", { boardId: this.#boardId, ...this.#presence });
  }
}
