/** One's own changes of a board: sent in order, shown before they are confirmed, taken back when they are refused. */
import { BoardwireError } from "../error.js";
import { newId } from "../id.js";
import { Listeners, type Report } from "../listeners.js";
import type { CommandName, Task } from "../protocol.js";
import type { CommandQueue, Payload, Result, SendOptions } from "../queue.js";
import type { Content } from "./content.js";
import { goesOn } from "./edit.js";
import type { Author } from "./optimistic.js";
import { Overlay, type Intent } from "./overlay.js";

/** A change of one's own that was taken back. */
export interface Refusal {
  readonly command: CommandName;
  readonly payload: object;
  readonly error: BoardwireError;
}

/** A change to be sent. */
export interface Draft<Name extends CommandName> {
  readonly command: Name;
  /** What is sent, made when its turn has come. */
  readonly compose: (base: number | undefined) => Payload<Name>;
  /** What is shown until then; nothing if that is not known yet. */
  readonly shown?: Payload<Name>;
  /** The task whose version the change depends on, and that version. */
  readonly taskId?: string;
  readonly base?: number | undefined;
  /** Of an edit, which sees to conflicts and faults itself. There is only one for each field: the line always has room for it. */
  readonly isEdit?: boolean;
}

export class OwnChanges {
  readonly onRefusal: Listeners<[Refusal]>;
  readonly #overlay = new Overlay();
  readonly #queue: CommandQueue;
  readonly #reached: () => number;
  readonly #changed: () => void;

  /** `reached` tells how far the confirmed copy has come. */
  constructor(queue: CommandQueue, report: Report, reached: () => number, changed: () => void) {
    this.#queue = queue;
    this.onRefusal = new Listeners(report);
    this.#reached = reached;
    this.#changed = changed;
  }

  /** How many are not confirmed. */
  get size(): number {
    return this.#overlay.size;
  }

  /** Whether a request is one of these. */
  has(requestId: string | undefined): boolean {
    return this.#overlay.has(requestId);
  }

  send<Name extends CommandName>(draft: Draft<Name>, options: SendOptions = {}): Promise<Result<Name>> {
    const { command, compose, shown, taskId, base, isEdit = false } = draft;
    const requestId = options.requestId ?? shown?.requestId ?? newId();
    const intent: Intent = { command, requestId, taskId, base, payload: shown && asSent(shown), sent: false, landsAt: undefined };
    this.#overlay.add(intent);
    this.#changed();
    const composed = () => {
      const payload = compose(intent.base);
      intent.sent = true;
      intent.payload = asSent(payload);
      this.#changed();
      return payload;
    };
    const outcome = this.#queue.send(command, composed, { ...options, requestId, beyondLimit: isEdit });
    // Who does not look at the promise is not to be surprised by it: the listeners have heard.
    outcome.then(
      ({ seq }) => this.#succeeded(intent, seq),
      (error: unknown) => this.#failed(intent, error, isEdit),
    );
    return outcome;
  }

  /** The reply to a change of a task. What is done to it next is done in the knowledge of that. */
  saw({ id, version }: Task): void {
    this.#overlay.saw(id, version);
  }

  /** The copy has taken in the change of this request. */
  confirmed(requestId: string | undefined): void {
    this.#overlay.confirmed(requestId);
  }

  /** The copy has come further. */
  advanced(): void {
    this.#overlay.reached(this.#reached());
  }

  apply(content: Content, author: Author): void {
    this.#overlay.apply(content, author);
  }

  clear(): void {
    this.#overlay.clear();
    this.onRefusal.clear();
  }

  #succeeded(intent: Intent, seq: number | undefined): void {
    if (seq === undefined || seq <= this.#reached()) this.#overlay.remove(intent);
    else intent.landsAt = seq;
    this.#changed();
  }

  #failed(intent: Intent, error: unknown, isEdit: boolean): void {
    this.#overlay.remove(intent);
    this.#changed();
    const { command, payload = {} } = intent;
    if (isEdit && goesOn(error)) return;
    if (error instanceof BoardwireError) this.onRefusal.tell({ command, payload, error });
  }
}

/** As the server is going to read it: without what is undefined, and apart from the caller's objects. */
function asSent(payload: object): object {
  return JSON.parse(JSON.stringify(payload)) as object;
}
