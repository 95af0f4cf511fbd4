/**
 * The confirmed copy of one board: a snapshot, and every change after it in the order of `seq`, whether it comes as an event
 * or as the reply to a change of one's own. What was missed is made up for on each new connection; where it can't be, a new
 * snapshot is taken.
 */
import type { Connection } from "../connection.js";
import { BoardwireError } from "../error.js";
import type { AnyEnvelope } from "../message.js";
import type { Viewer } from "../protocol.js";
import { insist } from "../retry.js";
import { apply, contentOf, nothing, type Content } from "./content.js";

/** A change that has become part of the copy. `type` is the event's, or the command's where it was one's own. */
export interface Change {
  readonly type: string;
  readonly seq: number;
  readonly data: unknown;
  readonly requestId: string | undefined;
  /** Whether it is the reply to a command on this connection. */
  readonly own: boolean;
}

/** What came of joining a board's events. */
export interface Joined {
  seq?: number | null;
  epoch?: string | null;
  recovered?: boolean | null;
  viewers?: Viewer[];
}

/** `loading`: nothing is there yet; `stale`: what was last known; `live`; `refused`: the server shows it no longer. */
export type ReplicaState = "loading" | "live" | "stale" | "refused";

export interface ReplicaEvents {
  /** Joins the board's events on a connection that is up; nothing when it ends before. */
  join(from: { since?: number; epoch?: string }): Promise<Joined | undefined>;
  /** The changes that were applied, in order. */
  applied(changes: readonly Change[]): void;
  /** The copy was replaced by a snapshot, which may leave out changes that nobody was told of. */
  reset(): void;
  /** The state or the content changed otherwise. */
  changed(): void;
}

/** So many changes are kept that can't be applied yet; with more a snapshot is quicker. */
const MOST_EARLY = 10_000;
/** So long a hole may last before a snapshot is taken, in milliseconds. */
const HOLE_MS = 5_000;

export class Replica {
  readonly boardId: string;
  readonly #connection: Connection;
  readonly #events: ReplicaEvents;
  readonly #early = new Map<number, Change>();
  #overflowed = false;
  #content: Content = nothing();
  #seq = 0;
  #epoch = "";
  #state: ReplicaState = "loading";
  #error: BoardwireError | undefined;
  #syncs = 0;
  #syncing = true;
  #hole: ReturnType<typeof setTimeout> | undefined;

  constructor(boardId: string, connection: Connection, events: ReplicaEvents) {
    this.boardId = boardId;
    this.#connection = connection;
    this.#events = events;
  }

  get content(): Content {
    return this.#content;
  }

  /** The last change that is in the copy; 0 while there is none. */
  get seq(): number {
    return this.#seq;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Why the server shows the board no longer. */
  get error(): BoardwireError | undefined {
    return this.#error;
  }

  /** On a new connection: gets what was missed, or all. */
  resume(): Promise<void> {
    this.#early.clear();
    return this.#sync(true);
  }

  /** The connection is gone. */
  lost(): void {
    this.#syncs += 1;
    this.#syncing = true;
    clearTimeout(this.#hole);
    if (this.#state === "live") this.#say("stale");
  }

  /** A durable event of this board. */
  take({ type, data, seq, requestId }: AnyEnvelope): void {
    if (seq !== undefined) this.#receive({ type, data, seq, requestId, own: false });
  }

  /** The reply to a change of this board that was sent on the present connection. */
  takeReply(command: string, reply: { seq?: number; requestId?: string }): void {
    const { seq, requestId } = reply;
    if (seq !== undefined && !this.#early.has(seq)) this.#receive({ type: command, data: reply, seq, requestId, own: true });
  }

  /** Something was answered: a hole that is still there is not going to be filled. */
  check(): void {
    if (!this.#syncing && this.#early.size > 0) this.#mend();
  }

  close(): void {
    this.lost();
    this.#early.clear();
  }

  #receive(change: Change): void {
    if (!this.#syncing && change.seq <= this.#seq) return;
    if (this.#early.size >= MOST_EARLY) this.#overflowed = true;
    else this.#early.set(change.seq, change);
    this.#advance();
  }

  /** The latest call counts. */
  async #sync(joining: boolean): Promise<void> {
    const sync = ++this.#syncs;
    this.#syncing = true;
    clearTimeout(this.#hole);
    const { boardId } = this;
    try {
      const known = this.#seq > 0 ? { since: this.#seq, epoch: this.#epoch } : {};
      const joined = joining ? await this.#events.join(known) : {};
      if (sync !== this.#syncs || joined === undefined) return;
      if (joined.recovered !== true || this.#overflowed) {
        this.#overflowed = false;
        const snapshot = await insist(this.#connection, "board:get", { boardId });
        if (sync !== this.#syncs || snapshot === undefined) return;
        this.#content = contentOf(snapshot);
        this.#seq = snapshot.seq ?? 0;
        this.#epoch = snapshot.epoch;
        this.#events.reset();
      }
      this.#syncing = false;
      this.#say("live");
      this.#advance();
    } catch (error) {
      if (sync !== this.#syncs) return;
      this.#error = error as BoardwireError;
      this.#say("refused");
    }
  }

  #advance(): void {
    if (this.#syncing) return;
    clearTimeout(this.#hole);
    const applied: Change[] = [];
    for (let next; (next = this.#early.get(this.#seq + 1)); ) {
      apply(this.#content, next.type, next.data);
      this.#seq = next.seq;
      this.#early.delete(next.seq);
      applied.push(next);
    }
    for (const seq of this.#early.keys()) if (seq <= this.#seq) this.#early.delete(seq);
    if (applied.length > 0) this.#events.applied(applied);
    if (this.#early.size > 0) this.#mend();
  }

  /** What is left stands behind a hole. A reply on its way may fill it; but nothing earlier follows a reply. */
  #mend(): void {
    clearTimeout(this.#hole);
    const replied = [...this.#early.values()].some(({ own }) => own);
    if (replied || this.#overflowed || this.#connection.unanswered === 0) void this.#sync(false);
    else this.#hole = setTimeout(() => void this.#sync(false), HOLE_MS);
  }

  #say(state: ReplicaState): void {
    this.#state = state;
    if (state !== "refused") this.#error = undefined;
    this.#events.changed();
  }
}
