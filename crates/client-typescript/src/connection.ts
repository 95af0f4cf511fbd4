/**
 * A connection that reconnects by itself as long as the server accepts its credentials. It does not know the
 * meaning of commands and events.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { PendingReplies, type Answer } from "./pendingReplies.js";
import { Backoff, jittered, type BackoffOptions } from "./backoff.js";
import { NoOtherCredentials, CredentialProvider, type Credentials } from "./credentials.js";
import { Listeners, type Report } from "./listeners.js";
import type { ConnectionStatus } from "./protocol.js";

/**
 * `connecting` for the first time; `connected`; `catching-up`: boards and subscriptions load what they missed; `live`: they are
 * up to date; `reconnecting` after a loss; `refused`: the credentials are not accepted; `closed` by the caller.
 */
export type ConnectionState = "connecting" | "connected" | "catching-up" | "live" | "reconnecting" | "refused" | "closed";

/** The status of the connection. A new object for each change. */
export interface ConnectionInfo {
  readonly state: ConnectionState;
  /** Attempts since the connection was lost. */
  readonly attempts: number;
  /** How long after this status the next attempt starts, in milliseconds. */
  readonly retryInMs?: number;
  /** Why the last attempt or connection failed. */
  readonly error?: Error;
  /** The server's `connection:status`: its version, the user and the limits. */
  readonly server?: ConnectionStatus;
}

export interface ConnectionOptions {
  credentials: Credentials;
  backoff: BackoffOptions;
  /** How long a handshake may take, in milliseconds. */
  handshakeMs: number;
  /** How long the server may be silent while a command waits for its reply, in milliseconds. */
  silenceMs: number;
  /** For socket.io-client: transports, path, headers. */
  socket: Partial<ManagerOptions & SocketOptions>;
  report: Report;
}

/** The server's message when it refuses credentials. Other failures of a handshake are retried. */
const REFUSAL = "Authentication failed";

export class Connection {
  readonly onStatus: Listeners<[ConnectionInfo]>;
  /** Called when the connection is ready for commands. */
  readonly onUp: Listeners<[]>;
  /** Called when the connection is lost. */
  readonly onDown: Listeners<[]>;
  /** Called with every event as it arrives. */
  readonly onEvent: Listeners<[type: string, message: unknown]>;
  /** Called with every reply, right before the caller gets it. */
  readonly onAnswer: Listeners<[name: string, payload: object, answer: NonNullable<Answer>]>;
  readonly credentials: CredentialProvider;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #replies: PendingReplies;
  readonly #pauses = new Map<(whole: boolean) => void, ReturnType<typeof setTimeout>>();
  #info: ConnectionInfo = { state: "connecting", attempts: 0 };
  #attempt = 0;
  #hasBeenUp = false;
  /** Whether there is neither a connection nor an attempt at one. */
  #isIdle = true;
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
    this.credentials = new CredentialProvider(credentials);
    this.#backoff = new Backoff(backoff);
    this.#replies = new PendingReplies(silenceMs, () => this.drop(new Error("the server did not respond")));
    this.#socket = io(url, {
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      withCredentials: "cookie" in credentials,
      ...options.socket,
      autoConnect: false,
      forceNew: true,
      reconnection: false,
    });
    this.#socket.on("connect", () => this.#socket.io.engine.on("packet", () => this.#replies.received()));
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

  /** How many commands on this connection wait for their replies. */
  get unanswered(): number {
    return this.#replies.size;
  }

  /** Connects now: for the first time, after a refusal, or instead of waiting for the next attempt. */
  start(): void {
    if (this.#info.state === "closed" || !this.#isIdle) return;
    this.credentials.reset();
    this.#backoff.reset();
    void this.#connect();
  }

  /** Drops the connection, and reconnects. */
  drop(error: Error): void {
    this.#failed(error);
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#isIdle = true;
    this.#socket.disconnect();
    this.#handleLoss();
    this.#setInfo({ state: "closed", attempts: 0 });
    this.#socket.offAny();
    this.#socket.off();
  }

  /** Sends a command and waits for its reply. Resolves to `undefined` if the connection ends first. */
  ask(name: string, payload: object): Promise<Answer> {
    if (!this.#up) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answered = this.#replies.add(resolve);
      this.#socket.emit(name, payload, (reply: NonNullable<Answer>) => {
        if (answered(reply)) this.onAnswer.emit(name, payload, reply);
      });
    });
  }

  /** Waits. Resolves to `false` if the connection ends first. */
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

  /** Sets the state of the connection to that of its boards and subscriptions. */
  setProgress(state: "catching-up" | "live"): void {
    if (this.#up) this.#setInfo({ ...this.#info, state });
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    clearTimeout(this.#timer);
    this.#isIdle = false;
    this.#setInfo({ ...this.#without("retryInMs"), state: this.#hasBeenUp ? "reconnecting" : "connecting" });
    let auth: Record<string, string>;
    try {
      auth = await this.credentials.handshake();
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#timer = setTimeout(() => this.drop(new Error("the handshake timed out")), this.#options.handshakeMs);
    this.#socket.auth = auth;
    this.#socket.connect();
  }

  #receive(type: string, message: unknown): void {
    if (type === "connection:status") this.#ready((message as { data: ConnectionStatus }).data);
    if (type === "server:closing") {
      const { reconnectAfterMs } = (message as { data: { reconnectAfterMs: number } }).data;
      this.#notBefore = Date.now() + reconnectAfterMs;
    }
    this.onEvent.emit(type, message);
  }

  #ready(server: ConnectionStatus): void {
    clearTimeout(this.#timer);
    this.#up = true;
    this.#hasBeenUp = true;
    this.#backoff.reset();
    this.#setInfo({ state: "connected", attempts: 0, server });
    this.onUp.emit();
  }

  /** Handles a failed attempt or a lost connection: another attempt follows, unless the credentials were refused. */
  #failed(error: Error): void {
    if (this.#isIdle) return;
    this.#isIdle = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#handleLoss();
    const refused = error.message === REFUSAL ? !this.credentials.reject() : error instanceof NoOtherCredentials;
    if (refused) {
      this.#setInfo({ ...this.#info, state: "refused", error });
    } else {
      // When the server has asked for a pause, clients come back after it, spread by jitter.
      const asked = Math.max(0, this.#notBefore - Date.now());
      const retryInMs = Math.max(this.#backoff.next(), asked && asked + jittered(this.#options.backoff.minMs));
      this.#setInfo({ ...this.#info, state: this.#hasBeenUp ? "reconnecting" : "connecting", attempts: this.#backoff.attempts, retryInMs, error });
      this.#timer = setTimeout(() => void this.#connect(), retryInMs);
    }
  }

  #handleLoss(): void {
    for (const [resolve, timer] of this.#pauses) {
      clearTimeout(timer);
      resolve(false);
    }
    this.#pauses.clear();
    const wasUp = this.#up;
    this.#up = false;
    this.#replies.endAll();
    if (wasUp) this.onDown.emit();
  }

  #without(field: "retryInMs"): ConnectionInfo {
    const { [field]: _, ...rest } = this.#info;
    return rest;
  }

  #setInfo(info: ConnectionInfo): void {
    this.#info = info;
    this.onStatus.emit(info);
  }
}
