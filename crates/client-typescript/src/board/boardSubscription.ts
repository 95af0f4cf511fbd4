/**
 * How a board's events reach this connection. A connection views one board at a time; for each other open board there is a
 * subscription.
 */
import type { Connection } from "../connection.js";
import { requestWithRetry } from "../retry.js";
import type { Viewer, ViewerStatus } from "../protocol.js";
import type { Joined } from "./replica.js";

/** Which board is viewed: shared by the boards of a client, because a connection has one view. */
export interface ViewSlot {
  boardId: string | undefined;
}

export class BoardSubscription {
  readonly #boardId: string;
  readonly #connection: Connection;
  readonly #viewSlot: ViewSlot;
  #subscriptionId: string | undefined;
  #presence: { status: ViewerStatus; taskId?: string } | undefined;
  #closed = false;

  constructor(boardId: string, connection: Connection, viewSlot: ViewSlot) {
    this.#boardId = boardId;
    this.#connection = connection;
    this.#viewSlot = viewSlot;
  }

  /** Starts to receive events on a connection that is up. Resolves to `undefined` if the connection ends first. */
  async join(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    const boardId = this.#boardId;
    this.#viewSlot.boardId ??= boardId;
    const isViewed = this.#viewSlot.boardId === boardId;
    this.#subscriptionId = undefined;
    const joined = isViewed ? await this.#view(from) : await this.#subscribe(from);
    if (joined && this.#presence) this.#sendPresence();
    return joined;
  }

  /** Tells the server which task the user has open, and whether the user is present. This is repeated on each connection. */
  setPresence(status: ViewerStatus, taskId: string | undefined): void {
    this.#presence = { status, ...(taskId === undefined ? {} : { taskId }) };
    if (this.#connection.up) this.#sendPresence();
  }

  /** Ends the view or the subscription. */
  leave(): void {
    this.#closed = true;
    if (this.#viewSlot.boardId === this.#boardId) {
      this.#viewSlot.boardId = undefined;
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
