/**
 * How a board's events reach this connection. A connection views one board at a time; the others that are open are followed
 * by a subscription each.
 */
import type { Connection } from "../connection.js";
import { insist } from "../retry.js";
import type { Viewer, ViewerStatus } from "../protocol.js";
import type { Joined } from "./replica.js";

/** Which board the client's connection views. */
export interface Viewing {
  boardId: string | undefined;
}

export class Feed {
  readonly #boardId: string;
  readonly #connection: Connection;
  readonly #viewing: Viewing;
  #subscriptionId: string | undefined;
  #look: { status: ViewerStatus; taskId?: string } | undefined;
  #closed = false;

  constructor(boardId: string, connection: Connection, viewing: Viewing) {
    this.#boardId = boardId;
    this.#connection = connection;
    this.#viewing = viewing;
  }

  /** Joins on a connection that is up; nothing when it ends before. */
  async join(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    const boardId = this.#boardId;
    this.#viewing.boardId ??= boardId;
    const views = this.#viewing.boardId === boardId;
    this.#subscriptionId = undefined;
    const joined = views ? await this.#view(from) : await this.#subscribe(from);
    if (joined && this.#look) this.#declare();
    return joined;
  }

  /** Says which task the user has open, and whether the user is there. Said again on each connection. */
  look(status: ViewerStatus, taskId: string | undefined): void {
    this.#look = { status, ...(taskId === undefined ? {} : { taskId }) };
    if (this.#connection.up) this.#declare();
  }

  /** Hears nothing more. */
  leave(): void {
    this.#closed = true;
    if (this.#viewing.boardId === this.#boardId) {
      this.#viewing.boardId = undefined;
      void this.#connection.ask("view:leave", {});
    } else {
      this.#unsubscribe();
    }
  }

  #view(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    return insist(this.#connection, "view:board", { boardId: this.#boardId, ...from });
  }

  async #subscribe(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    const boardId = this.#boardId;
    const joined = await insist(this.#connection, "subscribe", { type: "*", filters: { boardId }, ...from });
    if (joined === undefined) return undefined;
    this.#subscriptionId = joined.subscriptionId;
    if (this.#closed) this.#unsubscribe();
    const users: Viewer[] | undefined = (await insist(this.#connection, "presence:list", { boardId }))?.users;
    return users && { ...joined, viewers: users };
  }

  #unsubscribe(): void {
    const subscriptionId = this.#subscriptionId;
    this.#subscriptionId = undefined;
    if (subscriptionId !== undefined) void this.#connection.ask("unsubscribe", { subscriptionId });
  }

  #declare(): void {
    void this.#connection.ask("presence:update", { boardId: this.#boardId, ...this.#look });
  }
}
