/** The client: one connection with its commands, events, subscriptions and boards. */
import type { ManagerOptions, SocketOptions } from "socket.io-client";
import type { ReplyContent } from "./board/attribution.js";
import { BoardStore } from "./board/board.js";
import { editOptions, type EditSettings } from "./board/edits.js";
import { BoardEngine, type Host } from "./board/engine.js";
import { Connection, type ConnectionInfo } from "./connection.js";
import type { BackoffOptions } from "./backoff.js";
import type { Credentials } from "./credentials.js";
import { BoardwireError } from "./error.js";
import { Listeners, type Report, type Unsubscribe } from "./listeners.js";
import { isEnvelope, type AnyEnvelope, type Filters, type Message } from "./message.js";
import { onPageHidden } from "./page.js";
import type { CommandName, EventName } from "./protocol.js";
import { CommandQueue, type Payload, type Result, type SendOptions } from "./queue.js";
import { Renewal } from "./renewal.js";
import { Subscription, type SubscriptionHandlers } from "./subscription.js";

export interface ClientSettings {
  /** How long to wait between attempts to connect; by default from 250 ms to 5 s, with jitter. */
  reconnect?: Partial<BackoffOptions>;
  /** How long a handshake may take, by default 15,000 ms. */
  handshakeMs?: number;
  /**
   * How long the server may be silent while a command waits for its reply before the connection counts as lost, by default 10,000
   * ms.
   */
  silenceMs?: number;
  /** How long a command is tried unless its options say otherwise, by default 120,000 ms. */
  commandTimeoutMs?: number;
  /** How many commands may wait, by default 1,000. */
  queueLimit?: number;
  /** For `board.edit`: by default sent after 400 ms without a key, after 2 s at the latest, and merged with changes by others. */
  edits?: EditSettings;
  /** For socket.io-client: `path`, `transports`, `extraHeaders`. */
  socket?: Partial<ManagerOptions & SocketOptions>;
  /** Called with errors of listeners; by default they go to the console. */
  onError?: Report;
}

/** Connects, and stays connected until `close`. The client can be used at once; what it sends waits for the connection. */
export function connect(url: string, options: Credentials & ClientSettings): Client {
  return new Client(url, options);
}

export class Client {
  readonly #connection: Connection;
  readonly #queue: CommandQueue;
  readonly #host: Host;
  readonly #boards = new Map<string, { engine: BoardEngine; store: BoardStore; opened: number }>();
  /** Boards that are closed and still have values to save. */
  readonly #closing = new Set<BoardEngine>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #handlers = new Map<string, Listeners<[message: unknown, type: string]>>();
  readonly #report: Report;
  readonly #stopPageListener: Unsubscribe;
  #closePromise: Promise<void> | undefined;

  constructor(url: string, options: Credentials & ClientSettings) {
    const { reconnect, handshakeMs = 15_000, silenceMs = 10_000, commandTimeoutMs = 120_000, queueLimit = 1_000, edits, socket = {} } = options;
    this.#report = options.onError ?? console.error;
    const report: Report = (error) => this.#report(error);
    const backoff = { minMs: 250, maxMs: 5_000, ...reconnect };
    const connection = new Connection(url, { credentials: options, backoff, handshakeMs, silenceMs, socket, report });
    this.#connection = connection;
    this.#queue = new CommandQueue(connection, queueLimit, commandTimeoutMs);
    this.#host = {
      connection,
      queue: this.#queue,
      edits: editOptions(edits),
      viewSlot: { boardId: undefined },
      report,
    };
    new Renewal(connection);
    connection.onEvent.add((type, message) => this.#handleEvent(type, message));
    connection.onAnswer.add((name, payload, answer) => this.#handleReply(name, payload, answer));
    connection.onUp.add(() => void this.#resume());
    connection.onDown.add(() => this.#engines.forEach((engine) => engine.handleDisconnect()));
    connection.onStatus.add(({ state, error }) => {
      if (state === "refused") this.#queue.fail(new BoardwireError("AUTH_FAILED", error?.message ?? "refused"));
    });
    this.#stopPageListener = onPageHidden(() => void this.flush());
    connection.start();
  }

  /** Returns the status of the connection: the same object until it changes. */
  readonly getStatus = (): ConnectionInfo => this.#connection.info;

  /** Calls the listener with each change of the connection. */
  readonly onStatus = (listener: (info: ConnectionInfo) => void): Unsubscribe => this.#connection.onStatus.add(listener);

  /** Waits until the connection is live. Fails when the credentials are refused, or the client is closed. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settleIfKnown = ({ state, error }: ConnectionInfo) => {
        if (state !== "live" && state !== "refused" && state !== "closed") return;
        stop();
        if (state === "live") resolve();
        else reject(error ?? new BoardwireError("CLOSED", "the client is closed"));
      };
      const stop = this.onStatus(settleIfKnown);
      settleIfKnown(this.getStatus());
    });
  }

  /** Tries to connect now, also after a refusal, for example when the user has signed in again or the network is back. */
  reconnect(): void {
    this.#connection.start();
  }

  /**
   * Sends a command and waits for its result, over as many connections as it takes. Commands are executed in the order in
   * which they are sent; each has one effect.
   *
   * @throws BoardwireError (as a rejection) when it is refused, or has to be given up
   */
  send<Name extends CommandName>(name: Name, payload: Payload<Name>, options?: SendOptions): Promise<Result<Name>> {
    return this.#queue.send(name, payload, options);
  }

  /**
   * Calls the handler with each event of this name, or with every event for `*`. The client's own changes are not among them: it
   * gets replies.
   */
  on(type: "*", handler: (message: AnyEnvelope) => void): Unsubscribe;
  on<Type extends EventName>(type: Type, handler: (message: Message<Type>) => void): Unsubscribe;
  on(type: string, handler: (message: never) => void): Unsubscribe {
    let listeners = this.#handlers.get(type);
    if (listeners === undefined) this.#handlers.set(type, (listeners = new Listeners(this.#report)));
    return listeners.add(handler as (message: unknown) => void);
  }

  /** Receives the events whose name matches a pattern such as `task:*`. Resumes after each reconnect. */
  subscribe(pattern: string, filters: Filters, handlers: SubscriptionHandlers | SubscriptionHandlers["onEvent"]): Subscription {
    const all = typeof handlers === "function" ? { onEvent: handlers } : handlers;
    const end = (subscription: Subscription) => this.#subscriptions.delete(subscription);
    const subscription = new Subscription(this.#connection, pattern, filters, all, this.#report, end);
    this.#subscriptions.add(subscription);
    if (this.#connection.up) void subscription.resume();
    return subscription;
  }

  /** Opens a live board. Opening it again returns the same store, which has to be closed as often as it was opened. */
  openBoard(boardId: string): BoardStore {
    let board = this.#boards.get(boardId);
    if (board === undefined) {
      const engine = new BoardEngine(boardId, this.#host);
      board = { engine, store: new BoardStore(engine, () => this.#closeBoard(engine)), opened: 0 };
      this.#boards.set(boardId, board);
      if (this.#connection.up) void engine.resume();
    }
    board.opened += 1;
    return board.store;
  }

  /** Returns the store of an open board. */
  board(boardId: string): BoardStore | undefined {
    return this.#boards.get(boardId)?.store;
  }

  /** Sends what has been typed on all boards. Does not wait for a connection. */
  async flush(): Promise<void> {
    await Promise.all([...this.#engines, ...this.#closing].map((engine) => engine.flush()));
  }

  /**
   * Sends what waits, for `withinMs` at most, and ends the connection for good. Does not wait for a connection. Node can exit
   * after that.
   */
  close({ withinMs = 2_000 } = {}): Promise<void> {
    this.#closePromise ??= this.#close(withinMs);
    return this.#closePromise;
  }

  async #close(withinMs: number): Promise<void> {
    this.#stopPageListener();
    if (this.#connection.up) await this.#waitUntilSent(withinMs);
    this.#queue.fail(new BoardwireError("CLOSED", "the client was closed"));
    for (const engine of [...this.#engines, ...this.#closing]) engine.dispose();
    this.#boards.clear();
    this.#subscriptions.clear();
    this.#connection.stop();
    this.#handlers.clear();
  }

  get #engines(): BoardEngine[] {
    return [...this.#boards.values()].map(({ engine }) => engine);
  }

  /** Resumes all boards and subscriptions, while waiting commands are sent. */
  async #resume(): Promise<void> {
    const resumed = [...this.#subscriptions, ...this.#engines].map((one) => one.resume());
    this.#queue.sendNext();
    const before = this.getStatus().server;
    if (resumed.length > 0) this.#connection.setProgress("catching-up");
    await Promise.all(resumed);
    if (this.getStatus().server === before) this.#connection.setProgress("live");
  }

  #handleEvent(type: string, message: unknown): void {
    if (isEnvelope(message)) {
      const { boardId } = message;
      for (const engine of this.#engines) if (engine.id === boardId) engine.handleEvent(message);
      for (const subscription of [...this.#subscriptions]) subscription.handleEvent(message);
    }
    this.#handlers.get(type)?.emit(message, type);
    this.#handlers.get("*")?.emit(isEnvelope(message) ? message : { type, data: message, timestamp: "", id: "" }, type);
  }

  #handleReply(name: string, payload: object, answer: { ok: boolean }): void {
    for (const engine of this.#engines) {
      if (answer.ok) engine.handleReply(name, payload, answer as { ok: true } & ReplyContent);
      else engine.replica.checkGap();
    }
  }

  async #closeBoard(engine: BoardEngine): Promise<void> {
    const board = this.#boards.get(engine.id);
    if (board?.engine !== engine) return;
    board.opened -= 1;
    if (board.opened > 0) return;
    this.#boards.delete(engine.id);
    this.#closing.add(engine);
    await engine.close();
    this.#closing.delete(engine);
  }

  async #waitUntilSent(withinMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([Promise.all([this.flush(), this.#queue.drained()]), late]);
    clearTimeout(timer);
  }
}
