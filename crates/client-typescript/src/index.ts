/** The public interface of `@boardwire/client`. */
export type { BackoffOptions } from "./backoff.js";
export { BoardStore } from "./board/board.js";
export type { Refusal } from "./board/pendingMutations.js";
export type { Present, PresentUser, Typist } from "./board/presence.js";
export {
  mergeTexts,
  type Clash,
  type Edit,
  type EditConflict,
  type EditDraft,
  type EditState,
  type EditTimes,
  type Resolve,
  type TaskField,
  type TaskUpdates,
  type TaskValue,
} from "./board/edit.js";
export type { EditOptions, EditSettings } from "./board/edits.js";
export { merge, mergeAll } from "./board/merge.js";
export type { Change, ReplicaState } from "./board/replica.js";
export type { BoardSnapshot } from "./board/snapshot.js";
export { Client, connect, type ClientSettings } from "./client.js";
export type { ConnectionInfo, ConnectionState } from "./connection.js";
export type { Credentials, TokenSource } from "./credentials.js";
export { BoardwireError, conflictOf, type ClientCode, type Conflict } from "./error.js";
export { newId } from "./id.js";
export type { Unsubscribe } from "./listeners.js";
export type { AnyEnvelope, Filters, Message } from "./message.js";
export * from "./protocol.js";
export type { Payload, Result, SendOptions } from "./queue.js";
export type { Reset, Subscription, SubscriptionHandlers } from "./subscription.js";
