/** The internals of a live board: combines the confirmed copy, pending mutations, edits and presence into a snapshot. */
import type { Connection } from "../connection.js";
import { Listeners, type Report } from "../listeners.js";
import type { AnyEnvelope } from "../message.js";
import type { Success } from "../protocol.js";
import type { CommandQueue } from "../queue.js";
import { belongsTo, type ReplyContent } from "./attribution.js";
import { PendingMutations } from "./pendingMutations.js";
import { Presence } from "./presence.js";
import { copyOf } from "./content.js";
import { Edits, type EditOptions } from "./edits.js";
import { BoardSubscription, type ViewSlot } from "./boardSubscription.js";
import { Keystrokes } from "./keystrokes.js";
import { Replica, type Change, type Joined } from "./replica.js";
import { contentParts, EMPTY_SNAPSHOT, type BoardSnapshot } from "./snapshot.js";

/** What a board needs of its client. */
export interface Host {
  readonly connection: Connection;
  readonly queue: CommandQueue;
  readonly edits: EditOptions;
  readonly viewSlot: ViewSlot;
  readonly report: Report;
}

export class BoardEngine {
  readonly id: string;
  readonly replica: Replica;
  readonly subscription: BoardSubscription;
  readonly keystrokes: Keystrokes;
  readonly mutations: PendingMutations;
  readonly edits: Edits;
  /** Emits when the snapshot has changed. */
  readonly onSnapshotChange: Listeners<[]>;
  /** Emits each confirmed change, in order. */
  readonly onChange: Listeners<[Change]>;
  /** Emits when the whole confirmed copy was loaded. */
  readonly onReset: Listeners<[]>;
  readonly #host: Host;
  readonly #presence = new Presence();
  #snapshot: BoardSnapshot = EMPTY_SNAPSHOT;
  #isOutdated = true;
  #isNotifying = false;

  constructor(id: string, host: Host) {
    const { connection, queue, report, viewSlot } = host;
    this.id = id;
    this.#host = host;
    this.onSnapshotChange = new Listeners(report);
    this.onChange = new Listeners(report);
    this.onReset = new Listeners(report);
    this.subscription = new BoardSubscription(id, connection, viewSlot);
    this.keystrokes = new Keystrokes(connection, id);
    this.replica = new Replica(id, connection, {
      join: (from) => this.#join(from),
      applied: (changes) => this.#applied(changes),
      reset: () => this.onReset.emit(),
      changed: () => this.#confirmedChanged(),
    });
    this.mutations = new PendingMutations(
      queue,
      report,
      () => this.replica.seq,
      () => this.#changed(),
    );
    this.edits = new Edits({
      ...host.edits,
      confirmed: (taskId) => this.replica.content.tasks.get(taskId),
      shown: (taskId) => this.snapshot().tasks.get(taskId),
      save: async (compose) => (await this.mutations.send({ command: "task:update", compose, isEdit: true }, { timeout: Infinity })).task,
      changed: () => this.#changed(),
      report,
    });
  }

  snapshot(): BoardSnapshot {
    if (this.#isOutdated) {
      this.#isOutdated = false;
      this.#snapshot = this.#makeSnapshot();
    }
    return this.#snapshot;
  }

  /** Resumes on a new connection. */
  resume(): Promise<void> {
    const resumed = this.replica.resume();
    void this.edits.flush();
    return resumed;
  }

  /** Handles the loss of the connection. */
  handleDisconnect(): void {
    this.#presence.handleDisconnect();
    this.keystrokes.handleDisconnect();
    this.replica.handleDisconnect();
    this.#changed();
  }

  /** Handles an event of this board. */
  handleEvent(event: AnyEnvelope): void {
    if (this.#presence.handleEvent(event)) this.#changed();
    else this.replica.handleEvent(event);
  }

  /** Handles a successful reply on the connection, about this board or another. */
  handleReply(command: string, payload: object, reply: Success<ReplyContent>): void {
    if (reply.task) this.mutations.rebase(reply.task);
    const isOwn = this.mutations.has(reply.requestId) || belongsTo(this.id, this.replica.content, command, payload, reply);
    if (isOwn) this.replica.handleReply(command, reply);
    this.replica.checkGap();
  }

  /** Sends what has been typed. Resolves when it is saved, refused or in conflict, or has to wait for a connection. */
  async flush(taskId?: string): Promise<void> {
    const { connection } = this.#host;
    const saved = this.edits.flush(taskId);
    if (!connection.up) return;
    await new Promise<void>((resolve) => {
      const stop = connection.onDown.add(() => (stop(), resolve()));
      void saved.then(() => (stop(), resolve()));
    });
  }

  /** Leaves the board, and disposes of it once what has been typed is saved. */
  async close(): Promise<void> {
    this.keystrokes.stop();
    const saved = this.edits.flush();
    this.subscription.leave();
    this.replica.close();
    await saved;
    this.dispose();
  }

  /** Ends everything without sending anything. */
  dispose(): void {
    this.keystrokes.stop();
    this.edits.clear();
    this.mutations.clear();
    this.replica.close();
    this.onSnapshotChange.clear();
    this.onChange.clear();
    this.onReset.clear();
  }

  async #join(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    this.#presence.beginLoading();
    const joined = await this.subscription.join(from);
    if (joined?.viewers) this.#presence.setViewers(joined.viewers);
    return joined;
  }

  #applied(changes: readonly Change[]): void {
    for (const { requestId } of changes) this.mutations.confirmed(requestId);
    this.#confirmedChanged();
    for (const change of changes) this.onChange.emit(change);
  }

  #confirmedChanged(): void {
    this.mutations.advanced();
    this.edits.handleConfirmed();
    this.#changed();
  }

  #changed(): void {
    this.#isOutdated = true;
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      this.onSnapshotChange.emit();
    });
  }

  #makeSnapshot(): BoardSnapshot {
    const { replica, mutations, edits } = this;
    const { seq, epoch, state, error } = replica;
    const unconfirmed = mutations.size + edits.size;
    const content = unconfirmed > 0 ? copyOf(replica.content) : replica.content;
    if (unconfirmed > 0) {
      const author = { userId: this.#host.connection.info.server?.user.id ?? "", now: new Date().toISOString() };
      mutations.apply(content, author);
      edits.apply(content, author);
    }
    const { viewers, typing } = this.#presence;
    const { conflicts } = edits;
    return Object.freeze({ ...contentParts(content, this.#snapshot), state, error, seq, epoch, viewers, typing, unconfirmed, conflicts });
  }
}
