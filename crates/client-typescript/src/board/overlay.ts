/** The changes of one's own that are not in the confirmed copy yet, in the order in which they were made. */
import type { CommandName } from "../protocol.js";
import type { Content } from "./content.js";
import { foresee, type Author } from "./optimistic.js";

/** A change on its way. */
export interface Intent {
  readonly command: CommandName;
  readonly requestId: string;
  /** The task whose version the change depends on. */
  readonly taskId: string | undefined;
  /** What the user saw when making it. */
  base: number | undefined;
  /** What it is going to do; nothing as long as that may still change. */
  payload: object | undefined;
  /** Whether it has been sent, and can't change any more. */
  sent: boolean;
  /** It has been answered, and is in the copy once the copy has come so far. */
  landsAt: number | undefined;
}

export class Overlay {
  #intents: Intent[] = [];

  get size(): number {
    return this.#intents.length;
  }

  add(intent: Intent): void {
    this.#intents.push(intent);
  }

  /** Takes a change away: it was refused, or is confirmed. */
  remove(intent: Intent): void {
    this.#intents = this.#intents.filter((other) => other !== intent);
  }

  /** Whether a request is one of these. */
  has(requestId: string | undefined): boolean {
    return requestId !== undefined && this.#intents.some((intent) => intent.requestId === requestId);
  }

  /** The copy has taken in a change with this id. */
  confirmed(requestId: string | undefined): void {
    if (this.has(requestId)) this.#intents = this.#intents.filter((intent) => intent.requestId !== requestId);
  }

  /** The copy has come as far as this. */
  reached(seq: number): void {
    this.#intents = this.#intents.filter(({ landsAt }) => landsAt === undefined || landsAt > seq);
  }

  /** One has changed a task oneself: what one does to it next is made in the knowledge of that. */
  saw(taskId: string, version: number): void {
    for (const intent of this.#intents) {
      if (intent.taskId === taskId && intent.base !== undefined && !intent.sent) {
        intent.base = Math.max(intent.base, version);
      }
    }
  }

  /** Does all of it to a copy of the confirmed content. */
  apply(content: Content, author: Author): void {
    for (const { command, payload } of this.#intents) if (payload) foresee(content, command, payload, author);
  }

  clear(): void {
    this.#intents = [];
  }
}
