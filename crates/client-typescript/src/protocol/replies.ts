// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

export type ErrorCode =
  | "AUTH_FAILED"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "INVALID_MESSAGE"
  | "UNKNOWN_EVENT"
  | "CONFLICT"
  | "IDEMPOTENCY_MISMATCH"
  | "DEPENDENCY_CYCLE"
  | "WIP_LIMIT"
  | "BOARD_FULL"
  | "LEASE_LOST"
  | "ARCHIVED"
  | "SUBSCRIPTION_LIMIT"
  | "RATE_LIMIT"
  | "PAYLOAD_TOO_LARGE"
  | "STORAGE_FULL"
  | "UNAVAILABLE"
  | "SOCKET_ERROR"
  | "INTERNAL";

/** The reply to a command: to the callback, or as the event `<command>:success` or `<command>:error`. */
export type Reply<Result> = Success<Result> | Failure;

/** The command was executed. `seq` is the board's sequence number after it. */
export type Success<Result> = { ok: true; requestId?: string; seq?: number } & Result;

/** The command was not executed. After UNAVAILABLE or INTERNAL it may have been: repeat it with the same requestId. */
export type Failure = {
  ok: false;
  requestId?: string;
  /** A sentence for people. */
  error: string;
  code: ErrorCode;
  details?: unknown;
  /** How many seconds to wait, on RATE_LIMIT. */
  retryAfter?: number;
  limit?: number;
  remaining?: number;
  reset?: number;
};
