/** The user's changes of a board that are not confirmed: sent in order, shown at once, taken back when they are refused. */
import { BoardwireError } from "../error.js";
import { newId } from "../id.js";
import { Listeners, type Report } from "../listeners.js";
import type { CommandName, Task } from "../protocol.js";
import type { CommandQueue, Payload, Result, SendOptions } from "../queue.js";
import type { Content } from "./content.js";
import { isHandledByEdit } from "./edit.js";
import type { Author } from "./optimistic.js";
import { Intents, type Intent } from "./overlay.js";

/** A change of this client that was refused, and taken back. */
export interface Refusal {
  readonly command: CommandName;
  readonly payload: object;
  readonly error: BoardwireError;
}

/** A change to be sent. */
export interface Mutation<Name extends CommandName> {
  readonly command: Name;
  /** Makes the payload right before it is sent. */
  readonly compose: (baseVersion: number | undefined) => Payload<Name>;
  /** What is shown until then; missing if it is not known yet. */
  readonly shown?: Payload<Name>;
  /** The task whose version the change depends on, and that version. */
  readonly taskId?: string;
  readonly baseVersion?: number | undefined;
  /**
   * Whether it belongs to an edit, which handles conflicts and internal errors itself. There is only one for each field, so it may
   * exceed the queue's limit.
   */
  readonly isEdit?: boolean;
}

export class PendingMutations {
  readonly onRefusal: Listeners<[Refusal]>;
  readonly #intents = new Intents();
  readonly #queue: CommandQueue;
  readonly #confirmedSeq: () => number;
  readonly #changed: () => void;

  /** `confirmedSeq` returns the `seq` of the confirmed copy. */
  constructor(queue: CommandQueue, report: Report, confirmedSeq: () => number, changed: () => void) {
    this.#queue = queue;
    this.onRefusal = new Listeners(report);
    this.#confirmedSeq = confirmedSeq;
    this.#changed = changed;
  }

  /** How many changes are not confirmed. */
  get size(): number {
    return this.#intents.size;
  }

  /** Returns whether one of these changes has this request id. */
  has(requestId: string | undefined): boolean {
    return this.#intents.has(requestId);
  }

  send<Name extends CommandName>(draft: Mutation<Name>, options: SendOptions = {}): Promise<Result<Name>> {
    const { command, compose, shown, taskId, baseVersion, isEdit = false } = draft;
    const requestId = options.requestId ?? shown?.requestId ?? newId();
    const intent: Intent = { command, requestId, taskId, baseVersion, payload: shown && asSent(shown), sent: false, replySeq: undefined };
    this.#intents.add(intent);
    this.#changed();
    const composeAndRecord = () => {
      const payload = compose(intent.baseVersion);
      intent.sent = true;
      intent.payload = asSent(payload);
      this.#changed();
      return payload;
    };
    const outcome = this.#queue.send(command, composeAndRecord, { ...options, requestId, beyondLimit: isEdit });
    // A caller may ignore the promise: refusals are also reported to `onRefusal`.
    outcome.then(
      ({ seq }) => this.#succeeded(intent, seq),
      (error: unknown) => this.#failed(intent, error, isEdit),
    );
    return outcome;
  }

  /** Notes a task that a reply has shown: its unsent changes are then based on this version. */
  rebase({ id, version }: Task): void {
    this.#intents.rebase(id, version);
  }

  /** Removes the change of a request that the confirmed copy now contains. */
  confirmed(requestId: string | undefined): void {
    this.#intents.removeRequest(requestId);
  }

  /** Removes the changes that the confirmed copy now contains, by their `seq`. */
  advanced(): void {
    this.#intents.removeUpTo(this.#confirmedSeq());
  }

  apply(content: Content, author: Author): void {
    this.#intents.apply(content, author);
  }

  clear(): void {
    this.#intents.clear();
    this.onRefusal.clear();
  }

  #succeeded(intent: Intent, seq: number | undefined): void {
    if (seq === undefined || seq <= this.#confirmedSeq()) this.#intents.remove(intent);
    else intent.replySeq = seq;
    this.#changed();
  }

  #failed(intent: Intent, error: unknown, isEdit: boolean): void {
    this.#intents.remove(intent);
    this.#changed();
    const { command, payload = {} } = intent;
    if (isEdit && isHandledByEdit(error)) return;
    if (error instanceof BoardwireError) this.onRefusal.emit({ command, payload, error });
  }
}

/** Returns a copy as the server will read it: without undefined fields, and independent of the caller's objects. */
function asSent(payload: object): object {
  return JSON.parse(JSON.stringify(payload)) as object;
}
