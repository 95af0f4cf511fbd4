/**
 * The command queue. Commands are executed in order, one after the other: the next is sent when the one before it is
 * answered, so that a command that has to be sent again is not overtaken.
 */
import type { Connection } from "./connection.js";
import { BoardwireError } from "./error.js";
import { newId } from "./id.js";
import type { CommandName, Commands, Success } from "./protocol.js";
import { Attempts } from "./retry.js";

export interface SendOptions {
  /** How long to try in all, in milliseconds; `Infinity` for as long as the client is open. */
  timeout?: number;
  /** The id of the request, at most 64 characters; by default a new one. */
  requestId?: string;
  /** Aborts the command. If it was sent already, it may still take effect. */
  signal?: AbortSignal;
}

export type Payload<Name extends CommandName> = Commands[Name]["payload"];
export type Result<Name extends CommandName> = Success<Commands[Name]["result"]>;

interface Job {
  readonly name: CommandName;
  readonly requestId: string;
  readonly attempts: Attempts;
  /** The payload, which is composed when it is sent for the first time and stays the same. */
  body: object | undefined;
  readonly compose: () => object;
  readonly settle: (outcome: Success<object> | BoardwireError) => void;
}

export class CommandQueue {
  readonly #connection: Connection;
  readonly #limit: number;
  readonly #timeout: number;
  readonly #jobs: Job[] = [];
  readonly #drained: (() => void)[] = [];
  #busy = false;
  #backoffTimer: ReturnType<typeof setTimeout> | undefined;

  /** At most `limit` commands wait; `timeout` is how long each is tried, unless its options say otherwise. */
  constructor(connection: Connection, limit: number, timeout: number) {
    this.#connection = connection;
    this.#limit = limit;
    this.#timeout = timeout;
    connection.onDown.add(() => this.#cancelBackoff());
  }

  /** How many commands have not been answered. */
  get size(): number {
    return this.#jobs.length;
  }

  /**
   * Adds a command at the end. If the payload is a function, it is called right before the command is sent for the first time. A
   * caller that limits its commands in another way may exceed the limit with `beyondLimit`.
   */
  send<Name extends CommandName>(
    name: Name,
    payload: Payload<Name> | (() => Payload<Name>),
    { beyondLimit = false, ...options }: SendOptions & { beyondLimit?: boolean } = {},
  ): Promise<Result<Name>> {
    const given = typeof payload === "function" ? undefined : payload.requestId;
    const requestId = options.requestId ?? given ?? newId();
    const rejection = this.#reasonToReject(requestId, options.signal, beyondLimit);
    if (rejection) return Promise.reject(rejection);
    return new Promise((resolve, reject) => {
      const timeout = options.timeout ?? this.#timeout;
      const timer = timeout < 2 ** 31 ? setTimeout(() => settle(new BoardwireError("TIMEOUT", `${name} timed out`, { requestId })), timeout) : undefined;
      const abort = () => settle(aborted(requestId));
      options.signal?.addEventListener("abort", abort);
      const settle = (outcome: Success<object> | BoardwireError) => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", abort);
        const index = this.#jobs.indexOf(job);
        if (index < 0) return;
        this.#jobs.splice(index, 1);
        if (this.#jobs.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
        if (outcome instanceof BoardwireError) reject(outcome);
        else resolve(outcome);
      };
      const job: Job = {
        name,
        requestId,
        attempts: new Attempts(),
        body: undefined,
        compose: () => ({ ...(typeof payload === "function" ? payload() : payload), requestId }),
        settle,
      };
      this.#jobs.push(job);
      this.sendNext();
    });
  }

  /** Sends the next command, if the connection is up and none is on its way. */
  sendNext(): void {
    const job = this.#jobs[0];
    if (job && !this.#busy && this.#backoffTimer === undefined && this.#connection.up) void this.#attempt(job);
  }

  /** Waits until all commands are answered. */
  drained(): Promise<void> {
    return new Promise((resolve) => (this.#jobs.length === 0 ? resolve() : void this.#drained.push(resolve)));
  }

  /** Rejects all commands that wait. */
  fail(error: BoardwireError): void {
    this.#cancelBackoff();
    for (const job of [...this.#jobs]) job.settle(error);
  }

  #reasonToReject(requestId: string, signal: AbortSignal | undefined, beyondLimit: boolean): BoardwireError | undefined {
    const { state } = this.#connection.info;
    if (state === "closed") return new BoardwireError("CLOSED", "the client is closed", { requestId });
    if (state === "refused") return new BoardwireError("AUTH_FAILED", "the credentials were refused", { requestId });
    if (signal?.aborted) return aborted(requestId);
    if (beyondLimit || this.#jobs.length < this.#limit) return undefined;
    return new BoardwireError("QUEUE_FULL", `the queue is full: ${this.#limit} commands are waiting`, { requestId });
  }

  async #attempt(job: Job): Promise<void> {
    this.#busy = true;
    try {
      job.body ??= job.compose();
      const tooLarge = this.#tooLarge(job.body);
      if (tooLarge) return job.settle(tooLarge);
      const answer = await this.#connection.ask(job.name, job.body);
      if (answer === undefined) return;
      if (answer.ok) return job.settle(answer);
      const wait = job.attempts.delayAfter(answer);
      if (wait === undefined) job.settle(BoardwireError.of(answer));
      else this.#backoffTimer = setTimeout(() => (this.#cancelBackoff(), this.sendNext()), wait);
    } finally {
      this.#busy = false;
      this.sendNext();
    }
  }

  /**
   * Returns an error if a message exceeds the limit. The server would end the connection for one of more than
   * twice the limit.
   */
  #tooLarge(body: object): BoardwireError | undefined {
    const limit = this.#connection.info.server?.limits.maxPayload ?? Infinity;
    const { length } = new TextEncoder().encode(JSON.stringify(body));
    if (length <= limit) return undefined;
    return new BoardwireError("PAYLOAD_TOO_LARGE", `the command has ${length} bytes; at most ${limit} are accepted`);
  }

  #cancelBackoff(): void {
    clearTimeout(this.#backoffTimer);
    this.#backoffTimer = undefined;
  }
}

function aborted(requestId: string): BoardwireError {
  return new BoardwireError("ABORTED", "the command was aborted", { requestId });
}
