/** A subscription that survives reconnects: on each connection it continues after the last event that its handler has seen. */
import type { Connection } from "./connection.js";
import type { BoardwireError } from "./error.js";
import type { Report } from "./listeners.js";
import { matcher, passes, type AnyEnvelope, type Filters } from "./message.js";
import { requestWithRetry } from "./retry.js";

/** How many events are kept while a subscription resumes; with more it starts again. */
const MOST_HELD = 10_000;

/** Where a subscription continues. There is no `seq` without a board or task in its filters. */
export interface Reset {
  seq?: number;
  epoch?: string;
}

export interface SubscriptionHandlers {
  /** Each event, in order of `seq` where it has one. Changes by this client itself are not among them: they are replied to. */
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
  readonly #end: (subscription: Subscription) => void;
  readonly #matches: (type: string) => boolean;
  #id: string | undefined;
  #seq: number | undefined;
  #epoch: string | undefined;
  #begun = false;
  #held: AnyEnvelope[] | undefined;
  /** The last event that was dropped. */
  #lost: number | undefined;
  #closed = false;

  constructor(
    connection: Connection,
    pattern: string,
    filters: Filters,
    handlers: SubscriptionHandlers,
    report: Report,
    end: (subscription: Subscription) => void,
  ) {
    this.pattern = pattern;
    this.filters = { ...filters };
    this.#connection = connection;
    this.#handlers = handlers;
    this.#report = report;
    this.#end = end;
    this.#matches = matcher(pattern);
  }

  /** Subscribes on a connection that is up, after the last event seen. */
  async resume(): Promise<void> {
    const held: AnyEnvelope[] = (this.#held = []);
    this.#lost = undefined;
    this.#id = undefined;
    const { pattern: type, filters } = this;
    const from = this.#seq === undefined ? {} : { since: this.#seq, ...(this.#epoch === undefined ? {} : { epoch: this.#epoch }) };
    try {
      const reply = await requestWithRetry(this.#connection, "subscribe", { type, filters, ...from });
      if (held !== this.#held || reply === undefined) return;
      this.#id = reply.subscriptionId;
      if (this.#closed) return this.#unsubscribe();
      this.#held = undefined;
      const missed = this.#lost !== undefined || (this.#begun && reply.recovered !== true);
      if (missed || !this.#begun) {
        this.#seq = typeof reply.seq === "number" ? Math.max(reply.seq, this.#lost ?? 0) : undefined;
        this.#epoch = reply.epoch ?? undefined;
      }
      this.#begun = true;
      if (missed) this.#call(() => this.#handlers.onReset?.(this.#position()));
      held.sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
      for (const event of held) this.#give(event);
    } catch (error) {
      if (held === this.#held) this.#held = undefined;
      this.#call(() => this.#handlers.onRefused?.(error as BoardwireError));
    }
  }

  /** Handles an event of the connection. */
  take(event: AnyEnvelope): void {
    if (!this.#matches(event.type) || !passes(event, this.filters)) return;
    if (this.#held === undefined) return this.#give(event);
    if (this.#held.length < MOST_HELD) this.#held.push(event);
    else this.#lost = event.seq ?? this.#lost ?? 0;
  }

  /** Ends the subscription. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end(this);
    this.#unsubscribe();
  }

  #give(event: AnyEnvelope): void {
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
