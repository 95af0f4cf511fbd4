/** Failures of commands: refusals by the server, and commands that the client itself gives up on. */
import type { ErrorCode, Failure } from "./protocol.js";

/**
 * Why the client itself gives up on a command: it timed out, the caller aborted it, the client was closed, or too many
 * commands wait. After all but `QUEUE_FULL` a change may have happened all the same.
 */
export type ClientCode = "TIMEOUT" | "ABORTED" | "CLOSED" | "QUEUE_FULL";

/** Why a command failed. `message` is a sentence for people, `code` is stable. */
export class BoardwireError extends Error {
  override readonly name = "BoardwireError";
  readonly code: ErrorCode | ClientCode;
  /** On `CONFLICT`: `current`, the entity as it is, and `fields`. On `INVALID_MESSAGE`: the invalid fields. */
  readonly details: unknown;
  /** How many seconds to wait, on `RATE_LIMIT`. */
  readonly retryAfter: number | undefined;
  /** The request that was refused. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode | ClientCode, message: string, more: Partial<Omit<Failure, "ok" | "code" | "error">> = {}) {
    super(message);
    this.code = code;
    this.details = more.details;
    this.retryAfter = more.retryAfter;
    this.requestId = more.requestId;
  }

  /** Returns the error for a refusal. */
  static of(failure: Failure): BoardwireError {
    return new BoardwireError(failure.code, failure.error, failure);
  }

  /** Whether the outcome is unknown: the command may have been executed, or may still be. */
  get undecided(): boolean {
    return UNDECIDED.has(this.code);
  }
}

const UNDECIDED = new Set<string>(["TIMEOUT", "ABORTED", "CLOSED", "AUTH_FAILED", "UNAUTHENTICATED", "UNAVAILABLE", "INTERNAL"]);

/** What `details` holds on `CONFLICT`. */
export interface Conflict<Entity> {
  /** The entity as it is now. */
  current?: Entity;
  /** The fields that clash. */
  fields?: string[];
}

/** Returns the details of a conflict; `undefined` for another failure. */
export function conflictOf<Entity>(error: unknown): Conflict<Entity> | undefined {
  if (!(error instanceof BoardwireError) || error.code !== "CONFLICT") return undefined;
  return error.details ?? {};
}
