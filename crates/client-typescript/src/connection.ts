/**
 * One connection that lasts: it comes back by itself for as long as there are credentials that the server accepts. It
 * knows nothing of what is said on it.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { Answers, type Answer } from "./answers.js";
import { Backoff, jittered, type BackoffOptions } from "./backoff.js";
import { NothingElse, Presenter, type Credentials } from "./credentials.js";
import { Listeners, type Report } from "./listeners.js";
import type { ConnectionStatus } from "./protocol.js";

/**
 * `connecting` for the first time; `connected`; `catching-up`: boards and subscriptions get what they missed; `live`: they
 * have it; `reconnecting` after a loss; `refused`: the credentials are not accepted; `closed` by the caller.
 */
export type ConnectionState = "connecting" | "connected" | "catching-up" | "live" | "reconnecting" | "refused" | "closed";

/** How the connection is. A new object for each change. */
export interface ConnectionInfo {
  readonly state: ConnectionState;
  /** Attempts since the connection was lost. */
  readonly attempts: number;
  /** How long until the next attempt, in milliseconds, from the moment of this object. */
  readonly retryInMs?: number;
  /** Why the last attempt or connection failed. */
  readonly error?: Error;
  /** What the server said of itself, of the user and of its limits. */
  readonly server?: ConnectionStatus;
}

export interface ConnectionOptions {
  credentials: Credentials;
  backoff: BackoffOptions;
  /** How long a handshake may take, in milliseconds. */
  handshakeMs: number;
  /** How long a server that owes an answer may say nothing, in milliseconds. */
  silenceMs: number;
  /** For socket.io-client: transports, path, headers. */
  socket: Partial<ManagerOptions & SocketOptions>;
  report: Report;
}

/** What the server says when it refuses credentials. Other failures of a handshake are worth another attempt. */
const REFUSAL = "Authentication failed";

export class Connection {
  readonly onStatus: Listeners<[ConnectionInfo]>;
  /** The connection is ready for commands. */
  readonly onUp: Listeners<[]>;
  /** It is not any more. */
  readonly onDown: Listeners<[]>;
  /** Every event as it comes. */
  readonly onEvent: Listeners<[type: string, message: unknown]>;
  /** Every answer. Who asked gets it a moment later. */
  readonly onAnswer: Listeners<[name: string, payload: object, answer: NonNullable<Answer>]>;
  readonly presenter: Presenter;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #answers: Answers;
  readonly #pauses = new Map<(whole: boolean) => void, ReturnType<typeof setTimeout>>();
  #info: ConnectionInfo = { state: "connecting", attempts: 0 };
  #attempt = 0;
  #everUp = false;
  /** Whether there is neither a connection nor an attempt at one. */
  #idle = true;
  #up = false;
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, options: ConnectionOptions) {
    const { report, silenceMs, backoff, credentials } = options;
    this.#options = options;
    this.onStatus = new Listeners(report);
    this.onUp = new Listeners(report);
    this.onDown = new Listeners(report);
    this.onEvent = new Listeners(report);
    this.onAnswer = new Listeners(report);
    this.presenter = new Presenter(credentials);
    this.#backoff = new Backoff(backoff);
    this.#answers = new Answers(silenceMs, () => this.drop(new Error("the server said nothing")));
    this.#socket = io(url, {
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      withCredentials: "cookie" in credentials,
      ...options.socket,
      autoConnect: false,
      forceNew: true,
      reconnection: false,
    });
    this.#socket.on("connect", () => this.#socket.io.engine.on("packet", () => this.#answers.heard()));
    this.#socket.on("connect_error", (error) => this.#failed(error));
    this.#socket.on("disconnect", (reason) => this.#failed(new Error(reason)));
    this.#socket.onAny((type: string, message: unknown) => this.#receive(type, message));
  }

  get info(): ConnectionInfo {
    return this.#info;
  }

  /** Whether commands can be sent now. */
  get up(): boolean {
    return this.#up;
  }

  /** How many commands on this connection wait for their answers. */
  get unanswered(): number {
    return this.#answers.size;
  }

  /** Begins at once: for the first time, after a refusal, or in the middle of a wait. */
  start(): void {
    if (this.#info.state === "closed" || !this.#idle) return;
    this.presenter.forgive();
    this.#backoff.reset();
    void this.#connect();
  }

  /** Ends the connection and comes back by itself. */
  drop(error: Error): void {
    this.#failed(error);
  }

  /** Ends it for good. */
  stop(): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#idle = true;
    this.#socket.disconnect();
    this.#lose();
    this.#say({ state: "closed", attempts: 0 });
    this.#socket.offAny();
    this.#socket.off();
  }

  /** Sends a command, and waits for its answer on this very connection. */
  ask(name: string, payload: object): Promise<Answer> {
    if (!this.#up) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answered = this.#answers.expect(resolve);
      this.#socket.emit(name, payload, (reply: NonNullable<Answer>) => {
        if (answered(reply)) this.onAnswer.tell(name, payload, reply);
      });
    });
  }

  /** Waits; `false` when the connection ends before. */
  pause(ms: number): Promise<boolean> {
    if (!this.#up) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pauses.delete(resolve);
        resolve(true);
      }, ms);
      this.#pauses.set(resolve, timer);
    });
  }

  /** Notes how far those who use the connection have come. */
  progress(state: "catching-up" | "live"): void {
    if (this.#up) this.#say({ ...this.#info, state });
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    clearTimeout(this.#timer);
    this.#idle = false;
    this.#say({ ...this.#without("retryInMs"), state: this.#everUp ? "reconnecting" : "connecting" });
    let auth: Record<string, string>;
    try {
      auth = await this.presenter.present();
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#timer = setTimeout(() => this.drop(new Error("the handshake takes too long")), this.#options.handshakeMs);
    this.#socket.auth = auth;
    this.#socket.connect();
  }

  #receive(type: string, message: unknown): void {
    if (type === "connection:status") this.#ready((message as { data: ConnectionStatus }).data);
    if (type === "server:closing") {
      const { reconnectAfterMs } = (message as { data: { reconnectAfterMs: number } }).data;
      this.#notBefore = Date.now() + reconnectAfterMs;
    }
    this.onEvent.tell(type, message);
  }

  #ready(server: ConnectionStatus): void {
    clearTimeout(this.#timer);
    this.#up = true;
    this.#everUp = true;
    this.#backoff.reset();
    this.#say({ state: "connected", attempts: 0, server });
    this.onUp.tell();
  }

  /** An attempt or a connection has failed: another one follows, unless the credentials are at fault. */
  #failed(error: Error): void {
    if (this.#idle) return;
    this.#idle = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#lose();
    const refused = error.message === REFUSAL ? !this.presenter.refuse() : error instanceof NothingElse;
    if (refused) {
      this.#say({ ...this.#info, state: "refused", error });
    } else {
      // Whom the server asked to wait comes back after that, and not all at once.
      const asked = Math.max(0, this.#notBefore - Date.now());
      const retryInMs = Math.max(this.#backoff.next(), asked && asked + jittered(this.#options.backoff.minMs));
      this.#say({ ...this.#info, state: this.#everUp ? "reconnecting" : "connecting", attempts: this.#backoff.attempts, retryInMs, error });
      this.#timer = setTimeout(() => void this.#connect(), retryInMs);
    }
  }

  #lose(): void {
    for (const [resolve, timer] of this.#pauses) {
      clearTimeout(timer);
      resolve(false);
    }
    this.#pauses.clear();
    const wasUp = this.#up;
    this.#up = false;
    this.#answers.lose();
    if (wasUp) this.onDown.tell();
  }

  #without(field: "retryInMs"): ConnectionInfo {
    const { [field]: _, ...rest } = this.#info;
    return rest;
  }

  #say(info: ConnectionInfo): void {
    this.#info = info;
    this.onStatus.tell(info);
  }
}
