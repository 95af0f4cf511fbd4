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
import { addPage, apply, beginning, nothing, type Content } from "./content.js";

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

/** A board as of `seq`. */
interface Copy {
  content: Content;
  seq: number;
  readonly epoch: string;
}

/** Tasks of a page. */
const PAGE = 1_000;
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
  #copy: Copy = { content: nothing(), seq: 0, epoch: "" };
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
    return this.#copy.content;
  }

  /** The last change that is in the copy; 0 while there is none. */
  get seq(): number {
    return this.#copy.seq;
  }

  get epoch(): string {
    return this.#copy.epoch;
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
    if (!this.#syncing && change.seq <= this.seq) return;
    if (this.#early.size >= MOST_EARLY) this.#overflowed = true;
    else this.#early.set(change.seq, change);
    this.#advance();
  }

  /** The latest call counts. */
  async #sync(joining: boolean): Promise<void> {
    const sync = ++this.#syncs;
    this.#syncing = true;
    clearTimeout(this.#hole);
    try {
      const known = this.seq > 0 ? { since: this.seq, epoch: this.epoch } : {};
      const joined = joining ? await this.#events.join(known) : {};
      if (sync !== this.#syncs || joined === undefined) return;
      if (joined.recovered !== true || this.#overflowed) {
        const copy = await this.#load(sync);
        if (copy === undefined) return;
        this.#copy = copy;
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

  /**
   * All of the board, page by page; nothing when the connection has ended, or another call has begun.
   *
   * Each page shows its tasks at a moment of its own. All changes since the first page's wait in `#early`, since no reply overtakes
   * an event that it shows. So before a page is added the copy is brought to that page's `seq`, no further: what was deleted
   * or unlinked until then is not on it, and what is later on is still to be applied, to this page's tasks as well. Where
   * changes were dropped, or the log has another life, all of it begins anew.
   */
  async #load(sync: number): Promise<Copy | undefined> {
    for (let copy: Copy | undefined, after: string | undefined; ;) {
      if (copy === undefined) this.#overflowed = false;
      const page = await this.#page(after);
      if (sync !== this.#syncs || page === undefined) return undefined;
      const { seq = 0, epoch, next } = page;
      copy ??= { content: beginning(page), seq, epoch };
      this.#follow(copy, seq);
      addPage(copy.content, page);
      const whole = next == null;
      if (copy.epoch !== epoch || (whole && this.#overflowed)) copy = after = undefined;
      else if (whole) return copy;
      else after = next;
    }
  }

  async #page(after: string | undefined) {
    const { boardId } = this;
    try {
      return await insist(this.#connection, "board:get", { boardId, limit: PAGE, ...(after === undefined ? {} : { after }) });
    } catch (error) {
      // Older servers know no pages.
      if (after !== undefined || (error as BoardwireError).code !== "INVALID_MESSAGE") throw error;
      return insist(this.#connection, "board:get", { boardId });
    }
  }

  /** Applies to a copy what is next, as far as `last`; what it shows then waits no longer. */
  #follow(copy: Copy, last: number): Change[] {
    const applied: Change[] = [];
    for (let next; copy.seq < last && (next = this.#early.get(copy.seq + 1));) {
      apply(copy.content, next.type, next.data);
      copy.seq = next.seq;
      applied.push(next);
    }
    for (const seq of this.#early.keys()) if (seq <= copy.seq) this.#early.delete(seq);
    return applied;
  }

  #advance(): void {
    if (this.#syncing) return;
    clearTimeout(this.#hole);
    const applied = this.#follow(this.#copy, Infinity);
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
