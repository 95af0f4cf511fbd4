/** The changes of this client that are not in the confirmed copy yet, in the order in which they were made. */
import type { CommandName } from "../protocol.js";
import type { Content } from "./content.js";
import { applyOptimistically, type Author } from "./optimistic.js";

/** A change that is not confirmed. */
export interface Intent {
  readonly command: CommandName;
  readonly requestId: string;
  /** The task whose version the change depends on. */
  readonly taskId: string | undefined;
  /** The version of the task that the user saw. */
  baseVersion: number | undefined;
  /** What is shown: the payload that is sent, or the one expected to be sent; `undefined` if it is not known yet. */
  payload: object | undefined;
  /** Whether it has been sent, so that it can't change any more. */
  sent: boolean;
  /** The `seq` of its reply: once the confirmed copy has reached this `seq`, it contains the change. */
  replySeq: number | undefined;
}

export class Intents {
  #intents: Intent[] = [];

  get size(): number {
    return this.#intents.length;
  }

  add(intent: Intent): void {
    this.#intents.push(intent);
  }

  /** Removes a change that was refused or is confirmed. */
  remove(intent: Intent): void {
    this.#intents = this.#intents.filter((other) => other !== intent);
  }

  /** Returns whether one of these changes has this request id. */
  has(requestId: string | undefined): boolean {
    return requestId !== undefined && this.#intents.some((intent) => intent.requestId === requestId);
  }

  /** Removes the change with this request id, which the copy now contains. */
  removeRequest(requestId: string | undefined): void {
    if (this.has(requestId)) this.#intents = this.#intents.filter((intent) => intent.requestId !== requestId);
  }

  /** Removes the changes up to a `seq`, which the copy now contains. */
  removeUpTo(seq: number): void {
    this.#intents = this.#intents.filter(({ replySeq }) => replySeq === undefined || replySeq > seq);
  }

  /** Bases unsent changes of a task on a version that a reply has shown. */
  rebase(taskId: string, version: number): void {
    for (const intent of this.#intents) {
      if (intent.taskId === taskId && intent.baseVersion !== undefined && !intent.sent) {
        intent.baseVersion = Math.max(intent.baseVersion, version);
      }
    }
  }

  /** Applies all changes to a copy of the confirmed content. */
  apply(content: Content, author: Author): void {
    for (const { command, payload } of this.#intents) if (payload) applyOptimistically(content, command, payload, author);
  }

  clear(): void {
    this.#intents = [];
  }
}
