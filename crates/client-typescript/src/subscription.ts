/** A subscription that survives reconnects: on each connection it continues after the last event that its handler has received. */
import type { Connection } from "./connection.js";
import type { BoardwireError } from "./error.js";
import type { Report } from "./listeners.js";
import { matcher, passes, type AnyEnvelope, type Filters } from "./message.js";
import { requestWithRetry } from "./retry.js";

/** How many events are kept while a subscription resumes. If there are more, `onReset` is called. */
const MAX_HELD = 10_000;

/** Where a subscription continues. There is no `seq` without a board or task in its filters. */
export interface Reset {
  seq?: number;
  epoch?: string;
}

export interface SubscriptionHandlers {
  /** Called with each event, in order of `seq` where it has one. Changes by this client are not among them: it gets replies. */
  onEvent: (event: AnyEnvelope) => void;
  /** Events may have been missed: load the data again. Called on each new connection where the filters name no board or task. */
  onReset?: (reset: Reset) => void;
  /** The server refuses the subscription. It is tried again on the next connection. */
  onRefused?: (error: BoardwireError) => void;
}

export class Subscription {
  readonly pattern: string;
  readonly filters: Readonly<Filters>;
  readonly #connection: Connection;
  readonly #handlers: SubscriptionHandlers;
  readonly #report: Report;
  readonly #onClose: (subscription: Subscription) => void;
  readonly #matches: (type: string) => boolean;
  #id: string | undefined;
  #seq: number | undefined;
  #epoch: string | undefined;
  #isEstablished = false;
  #held: AnyEnvelope[] | undefined;
  /** The `seq` of the last event that was dropped. */
  #lastDropped: number | undefined;
  #closed = false;

  constructor(
    connection: Connection,
    pattern: string,
    filters: Filters,
    handlers: SubscriptionHandlers,
    report: Report,
    onClose: (subscription: Subscription) => void,
  ) {
    this.pattern = pattern;
    this.filters = { ...filters };
    this.#connection = connection;
    this.#handlers = handlers;
    this.#report = report;
    this.#onClose = onClose;
    this.#matches = matcher(pattern);
  }

  /** Subscribes on a connection that is up, after the last event received. */
  async resume(): Promise<void> {
    const held: AnyEnvelope[] = (this.#held = []);
    this.#lastDropped = undefined;
    this.#id = undefined;
    const { pattern: type, filters } = this;
    const from = this.#seq === undefined ? {} : { since: this.#seq, ...(this.#epoch === undefined ? {} : { epoch: this.#epoch }) };
    try {
      const reply = await requestWithRetry(this.#connection, "subscribe", { type, filters, ...from });
      if (held !== this.#held || reply === undefined) return;
      this.#id = reply.subscriptionId;
      if (this.#closed) return this.#unsubscribe();
      this.#held = undefined;
      const missed = this.#lastDropped !== undefined || (this.#isEstablished && reply.recovered !== true);
      if (missed || !this.#isEstablished) {
        this.#seq = typeof reply.seq === "number" ? Math.max(reply.seq, this.#lastDropped ?? 0) : undefined;
        this.#epoch = reply.epoch ?? undefined;
      }
      this.#isEstablished = true;
      if (missed) this.#call(() => this.#handlers.onReset?.(this.#position()));
      held.sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
      for (const event of held) this.#deliver(event);
    } catch (error) {
      if (held === this.#held) this.#held = undefined;
      this.#call(() => this.#handlers.onRefused?.(error as BoardwireError));
    }
  }

  /** Handles an event of the connection. */
  handleEvent(event: AnyEnvelope): void {
    if (!this.#matches(event.type) || !passes(event, this.filters)) return;
    if (this.#held === undefined) return this.#deliver(event);
    if (this.#held.length < MAX_HELD) this.#held.push(event);
    else this.#lastDropped = event.seq ?? this.#lastDropped ?? 0;
  }

  /** Ends the subscription. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(this);
    this.#unsubscribe();
  }

  #deliver(event: AnyEnvelope): void {
    if (this.#closed) return;
    if (event.seq !== undefined && this.#seq !== undefined) {
      if (event.seq <= this.#seq) return;
      this.#seq = event.seq;
    }
    this.#call(() => this.#handlers.onEvent(event));
  }

  #position(): Reset {
    return { ...(this.#seq === undefined ? {} : { seq: this.#seq }), ...(this.#epoch === undefined ? {} : { epoch: this.#epoch }) };
  }

  #unsubscribe(): void {
    if (this.#id === undefined) return;
    void this.#connection.ask("unsubscribe", { subscriptionId: this.#id });
    this.#id = undefined;
  }

  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#report(error);
    }
  }
}
