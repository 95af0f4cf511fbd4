/** The users who view a board, and those who are typing. */
import type { AnyEnvelope } from "../message.js";
import type { Typing, UserJoined, UserPresence, Viewer } from "../protocol.js";
import { compare } from "./position.js";

/** A user who views the board. */
export interface PresentUser {
  readonly userId: string;
  readonly name: string;
  /** `offline` for the few seconds within which a user may reconnect. */
  readonly status: "online" | "away" | "offline";
  /** The task that the user has open. */
  readonly taskId?: string;
  readonly since: string;
}

/** @deprecated use {@link PresentUser} */
export type Present = PresentUser;

/** A user who is typing, on a task or on the board. */
export interface Typist {
  readonly userId: string;
  readonly taskId?: string;
}

const taskIdField = (taskId: string | null | undefined) => (taskId == null ? {} : { taskId });

export class Presence {
  readonly #viewers = new Map<string, PresentUser>();
  readonly #typing = new Map<string, Typist>();
  /** Events that arrived while the list was being loaded. */
  #meanwhile: AnyEnvelope[] | undefined;

  get viewers(): PresentUser[] {
    return [...this.#viewers.values()].sort((one, other) => compare(one.since, other.since) || compare(one.userId, other.userId));
  }

  get typing(): Typist[] {
    return [...this.#typing.values()];
  }

  /** Keeps events from now on until {@link setViewers}, because the list is being loaded. */
  beginLoading(): void {
    this.#meanwhile = [];
  }

  /** Sets the list, and applies the events kept meanwhile. */
  setViewers(viewers: readonly Viewer[]): void {
    this.#viewers.clear();
    for (const { userId, name, status, taskId, since } of viewers) {
      this.#viewers.set(userId, { userId, name, status, since, ...taskIdField(taskId) });
    }
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = undefined;
    for (const event of meanwhile) this.handleEvent(event);
  }

  /** Handles an event of the board. Returns whether it was about presence or typing. */
  handleEvent(event: AnyEnvelope): boolean {
    switch (event.type) {
      case "user:joined":
      case "user:left":
      case "user:presence":
        this.#meanwhile?.push(event);
        this.#handleViewer(event);
        return true;
      case "typing:start":
      case "typing:stop": {
        const { userId, taskId } = event.data as Typing;
        const key = `${userId} ${taskId ?? ""}`;
        if (event.type === "typing:start") this.#typing.set(key, { userId, ...taskIdField(taskId) });
        else this.#typing.delete(key);
        return true;
      }
      default:
        return false;
    }
  }

  /** Handles the loss of the connection: nobody is shown as typing. The viewers stay until there is a new list. */
  handleDisconnect(): void {
    this.#typing.clear();
    this.#meanwhile = undefined;
  }

  #handleViewer({ type, data, timestamp }: AnyEnvelope): void {
    const { userId } = data as { userId: string };
    const known = this.#viewers.get(userId);
    if (type === "user:left") {
      this.#viewers.delete(userId);
    } else if (type === "user:joined") {
      const { name, taskId } = data as UserJoined;
      this.#viewers.set(userId, { userId, name, status: "online", since: known?.since ?? timestamp, ...taskIdField(taskId) });
    } else if (known) {
      const { status, taskId } = data as UserPresence;
      const { taskId: _, ...rest } = known;
      this.#viewers.set(userId, { ...rest, status, ...taskIdField(taskId) });
    }
  }
}
