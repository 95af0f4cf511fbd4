/**
 * The confirmed copy of one board: a snapshot, and every change after it in the order of `seq`, whether it comes as an event
 * or as the reply to a change of this client. What was missed is recovered on each new connection; where it can't be, a new
 * snapshot is loaded.
 */
import type { Connection } from "../connection.js";
import { BoardwireError } from "../error.js";
import type { AnyEnvelope } from "../message.js";
import type { Viewer } from "../protocol.js";
import { requestWithRetry } from "../retry.js";
import { addPage, applyChange, contentOfFirstPage, emptyContent, type Content } from "./content.js";

/** A change that has been applied to the copy. `type` is the event's, or the command's where this client made it. */
export interface Change {
  readonly type: string;
  readonly seq: number;
  readonly data: unknown;
  readonly requestId: string | undefined;
  /** Who made it. Missing in the reply to a change of this client, and where the server made the change by itself. */
  readonly userId: string | undefined;
  /** Whether it is the reply to a command on this connection. */
  readonly own: boolean;
}

/** The result of joining a board's events. */
export interface Joined {
  seq?: number | null;
  epoch?: string | null;
  recovered?: boolean | null;
  viewers?: Viewer[];
}

/** `loading`: there is no content yet; `live`; `stale`: there is no connection; `refused`: the server does not show the board. */
export type ReplicaState = "loading" | "live" | "stale" | "refused";

export interface ReplicaEvents {
  /** Joins the board's events on a connection that is up. Resolves to `undefined` if the connection ends first. */
  join(from: { since?: number; epoch?: string }): Promise<Joined | undefined>;
  /** The changes that were applied, in order. */
  applied(changes: readonly Change[]): void;
  /** The copy was replaced by a snapshot, which may contain changes that were never reported one by one. */
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

/** How many tasks are requested for each page. */
const PAGE_SIZE = 1_000;
/** How many changes that can't be applied yet are kept. If there are more, a snapshot is loaded. */
const MAX_EARLY = 10_000;
/** How long a gap may last before a snapshot is loaded, in milliseconds. */
const GAP_MS = 5_000;

export class Replica {
  readonly boardId: string;
  readonly #connection: Connection;
  readonly #events: ReplicaEvents;
  readonly #early = new Map<number, Change>();
  #overflowed = false;
  #copy: Copy = { content: emptyContent(), seq: 0, epoch: "" };
  #state: ReplicaState = "loading";
  #error: BoardwireError | undefined;
  #latestSync = 0;
  #syncing = true;
  #gapTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(boardId: string, connection: Connection, events: ReplicaEvents) {
    this.boardId = boardId;
    this.#connection = connection;
    this.#events = events;
  }

  get content(): Content {
    return this.#copy.content;
  }

  /** The `seq` of the last change in the copy; 0 while there is none. */
  get seq(): number {
    return this.#copy.seq;
  }

  get epoch(): string {
    return this.#copy.epoch;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Why the server does not show the board. */
  get error(): BoardwireError | undefined {
    return this.#error;
  }

  /** Loads what was missed, or the whole board. Call it on each new connection. */
  resume(): Promise<void> {
    this.#early.clear();
    return this.#sync(true);
  }

  /** Handles the loss of the connection. */
  handleDisconnect(): void {
    this.#latestSync += 1;
    this.#syncing = true;
    clearTimeout(this.#gapTimer);
    if (this.#state === "live") this.#setState("stale");
  }

  /** Handles an event of this board's log. */
  handleEvent({ type, data, seq, requestId, userId }: AnyEnvelope): void {
    if (seq !== undefined) this.#receive({ type, data, seq, requestId, userId, own: false });
  }

  /** Handles the reply to a change of this board that was sent on the current connection. */
  handleReply(command: string, reply: { seq?: number; requestId?: string }): void {
    const { seq, requestId } = reply;
    if (seq !== undefined && !this.#early.has(seq)) {
      this.#receive({ type: command, data: reply, seq, requestId, userId: undefined, own: true });
    }
  }

  /** Checks for a gap after any reply: earlier events have arrived by then. */
  checkGap(): void {
    if (!this.#syncing && this.#early.size > 0) this.#closeGap();
  }

  close(): void {
    this.handleDisconnect();
    this.#early.clear();
  }

  #receive(change: Change): void {
    if (!this.#syncing && change.seq <= this.seq) return;
    if (this.#early.size >= MAX_EARLY) this.#overflowed = true;
    else this.#early.set(change.seq, change);
    this.#advance();
  }

  /** Brings the copy up to date. A later call replaces an earlier one. */
  async #sync(joining: boolean): Promise<void> {
    const sync = ++this.#latestSync;
    this.#syncing = true;
    clearTimeout(this.#gapTimer);
    try {
      const known = this.seq > 0 ? { since: this.seq, epoch: this.epoch } : {};
      const joined = joining ? await this.#events.join(known) : {};
      if (sync !== this.#latestSync || joined === undefined) return;
      if (joined.recovered !== true || this.#overflowed) {
        const copy = await this.#load(sync);
        if (copy === undefined) return;
        this.#copy = copy;
        this.#events.reset();
      }
      this.#syncing = false;
      this.#setState("live");
      this.#advance();
    } catch (error) {
      if (sync !== this.#latestSync) return;
      this.#error = error as BoardwireError;
      this.#setState("refused");
    }
  }

  /**
   * Loads the whole board, page by page. Resolves to `undefined` if the connection ends, or another sync starts.
   *
   * Each page has its own `seq`. All changes after the first page's wait in `#early`, because every event up to a reply's `seq`
   * arrives before the reply. So before a page is added, the copy is brought to exactly that page's `seq`: tasks that were deleted
   * by then are not on the page, and later changes are applied afterwards, to this page's tasks as well. If changes were dropped,
   * or the log has another epoch, loading starts again.
   */
  async #load(sync: number): Promise<Copy | undefined> {
    for (let copy: Copy | undefined, after: string | undefined; ;) {
      if (copy === undefined) this.#overflowed = false;
      const page = await this.#page(after);
      if (sync !== this.#latestSync || page === undefined) return undefined;
      const { seq = 0, epoch, next } = page;
      copy ??= { content: contentOfFirstPage(page), seq, epoch };
      this.#applyWaiting(copy, seq);
      addPage(copy.content, page);
      const isLast = next == null;
      if (copy.epoch !== epoch || (isLast && this.#overflowed)) copy = after = undefined;
      else if (isLast) return copy;
      else after = next;
    }
  }

  async #page(after: string | undefined) {
    const { boardId } = this;
    try {
      return await requestWithRetry(this.#connection, "board:get", { boardId, limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) });
    } catch (error) {
      // Older servers don't support paging.
      if (after !== undefined || (error as BoardwireError).code !== "INVALID_MESSAGE") throw error;
      return requestWithRetry(this.#connection, "board:get", { boardId });
    }
  }

  /**
   * Applies waiting changes to a copy in order, up to the `seq` `last`, and drops all that the copy then contains. Returns the
   * applied ones.
   */
  #applyWaiting(copy: Copy, last: number): Change[] {
    const applied: Change[] = [];
    for (let next; copy.seq < last && (next = this.#early.get(copy.seq + 1));) {
      applyChange(copy.content, next.type, next.data);
      copy.seq = next.seq;
      applied.push(next);
    }
    for (const seq of this.#early.keys()) if (seq <= copy.seq) this.#early.delete(seq);
    return applied;
  }

  #advance(): void {
    if (this.#syncing) return;
    clearTimeout(this.#gapTimer);
    const applied = this.#applyWaiting(this.#copy, Infinity);
    if (applied.length > 0) this.#events.applied(applied);
    if (this.#early.size > 0) this.#closeGap();
  }

  /**
   * Handles a gap before the waiting changes. A pending reply may fill it; but after a reply no earlier
   * event arrives.
   */
  #closeGap(): void {
    clearTimeout(this.#gapTimer);
    const hasReply = [...this.#early.values()].some(({ own }) => own);
    if (hasReply || this.#overflowed || this.#connection.unanswered === 0) void this.#sync(false);
    else this.#gapTimer = setTimeout(() => void this.#sync(false), GAP_MS);
  }

  #setState(state: ReplicaState): void {
    this.#state = state;
    if (state !== "refused") this.#error = undefined;
    this.#events.changed();
  }
}
