/** A live board from the inside: puts the confirmed copy, one's own changes, edits and company together into what is shown. */
import type { Connection } from "../connection.js";
import { Listeners, type Report } from "../listeners.js";
import type { AnyEnvelope } from "../message.js";
import type { Success } from "../protocol.js";
import type { CommandQueue } from "../queue.js";
import { belongsTo, type ReplyContent } from "./attribution.js";
import { OwnChanges } from "./changes.js";
import { Company } from "./company.js";
import { copyOf } from "./content.js";
import { Edits, type EditOptions } from "./edits.js";
import { Feed, type Viewing } from "./feed.js";
import { Keystrokes } from "./keystrokes.js";
import { Replica, type Change, type Joined } from "./replica.js";
import { arrange, EMPTY, type BoardSnapshot } from "./snapshot.js";

/** What a board needs of its client. */
export interface Host {
  readonly connection: Connection;
  readonly queue: CommandQueue;
  readonly edits: EditOptions;
  readonly viewing: Viewing;
  readonly report: Report;
}

export class BoardEngine {
  readonly id: string;
  readonly replica: Replica;
  readonly feed: Feed;
  readonly keystrokes: Keystrokes;
  readonly changes: OwnChanges;
  readonly edits: Edits;
  /** What is shown has changed. */
  readonly onShown: Listeners<[]>;
  /** Confirmed changes, in order. */
  readonly onChange: Listeners<[Change]>;
  /** There is a new snapshot. */
  readonly onReset: Listeners<[]>;
  readonly #host: Host;
  readonly #company = new Company();
  #snapshot: BoardSnapshot = EMPTY;
  #stale = true;
  #telling = false;

  constructor(id: string, host: Host) {
    const { connection, queue, report, viewing } = host;
    this.id = id;
    this.#host = host;
    this.onShown = new Listeners(report);
    this.onChange = new Listeners(report);
    this.onReset = new Listeners(report);
    this.feed = new Feed(id, connection, viewing);
    this.keystrokes = new Keystrokes(connection, id);
    this.replica = new Replica(id, connection, {
      join: (from) => this.#join(from),
      applied: (changes) => this.#applied(changes),
      reset: () => this.onReset.tell(),
      changed: () => this.#moved(),
    });
    this.changes = new OwnChanges(
      queue,
      report,
      () => this.replica.seq,
      () => this.#changed(),
    );
    this.edits = new Edits({
      ...host.edits,
      confirmed: (taskId) => this.replica.content.tasks.get(taskId),
      shown: (taskId) => this.snapshot().tasks.get(taskId),
      save: async (compose) => (await this.changes.send({ command: "task:update", compose, isEdit: true }, { timeout: Infinity })).task,
      changed: () => this.#changed(),
      report,
    });
  }

  snapshot(): BoardSnapshot {
    if (this.#stale) {
      this.#stale = false;
      this.#snapshot = this.#arrange();
    }
    return this.#snapshot;
  }

  /** The connection is ready. */
  resume(): Promise<void> {
    const resumed = this.replica.resume();
    void this.edits.flush();
    return resumed;
  }

  /** The connection is gone. */
  lost(): void {
    this.#company.lost();
    this.keystrokes.lost();
    this.replica.lost();
    this.#changed();
  }

  /** An event of this board. */
  take(event: AnyEnvelope): void {
    if (this.#company.take(event)) this.#changed();
    else this.replica.take(event);
  }

  /** A success on the connection, of this board or another. */
  heard(command: string, payload: object, reply: Success<ReplyContent>): void {
    if (reply.task) this.changes.saw(reply.task);
    const own = this.changes.has(reply.requestId) || belongsTo(this.id, this.replica.content, command, payload, reply);
    if (own) this.replica.takeReply(command, reply);
    this.replica.check();
  }

  /** Sends what has been typed; done when that is saved, refused or to be decided, or has to wait for a connection. */
  async flush(taskId?: string): Promise<void> {
    const { connection } = this.#host;
    const saved = this.edits.flush(taskId);
    if (!connection.up) return;
    await new Promise<void>((resolve) => {
      const stop = connection.onDown.add(() => (stop(), resolve()));
      void saved.then(() => (stop(), resolve()));
    });
  }

  /** Hears nothing more, and ends when what has been typed is saved. */
  async close(): Promise<void> {
    this.keystrokes.stop();
    const saved = this.edits.flush();
    this.feed.leave();
    this.replica.close();
    await saved;
    this.dispose();
  }

  /** Ends everything at once. */
  dispose(): void {
    this.keystrokes.stop();
    this.edits.clear();
    this.changes.clear();
    this.replica.close();
    this.onShown.clear();
    this.onChange.clear();
    this.onReset.clear();
  }

  async #join(from: { since?: number; epoch?: string }): Promise<Joined | undefined> {
    this.#company.expect();
    const joined = await this.feed.join(from);
    if (joined?.viewers) this.#company.set(joined.viewers);
    return joined;
  }

  #applied(changes: readonly Change[]): void {
    for (const { requestId } of changes) this.changes.confirmed(requestId);
    this.#moved();
    for (const change of changes) this.onChange.tell(change);
  }

  #moved(): void {
    this.changes.advanced();
    this.edits.look();
    this.#changed();
  }

  #changed(): void {
    this.#stale = true;
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.onShown.tell();
    });
  }

  #arrange(): BoardSnapshot {
    const { replica, changes, edits } = this;
    const { seq, epoch, state, error } = replica;
    const unconfirmed = changes.size + edits.size;
    const content = unconfirmed > 0 ? copyOf(replica.content) : replica.content;
    if (unconfirmed > 0) {
      const author = { userId: this.#host.connection.info.server?.user.id ?? "", now: new Date().toISOString() };
      changes.apply(content, author);
      edits.apply(content, author);
    }
    const { viewers, typing } = this.#company;
    const { conflicts } = edits;
    return Object.freeze({ ...arrange(content, this.#snapshot), state, error, seq, epoch, viewers, typing, unconfirmed, conflicts });
  }
}
