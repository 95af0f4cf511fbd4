// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

import type {
  BoardArchived,
  BoardCreated,
  BoardMemberRemoved,
  BoardMemberSet,
  BoardRestored,
  BoardUpdated,
  ColumnCreated,
  ColumnDeleted,
  ColumnReordered,
  ColumnUpdated,
  ConnectionStatus,
  ErrorEvent,
  NotificationRead,
  NotificationsBatch,
  Notified,
  ServerClosing,
  TaskAssigned,
  TaskAttachmentAdded,
  TaskAttachmentRemoved,
  TaskClaimed,
  TaskCommentAdded,
  TaskCommentDeleted,
  TaskCommentUpdated,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskDependencyAdded,
  TaskDependencyRemoved,
  TaskMoved,
  TaskReleased,
  TaskRenewed,
  TaskUpdated,
  Typing,
  UserJoined,
  UserLeft,
  UserPresence,
} from "./eventData.js";

/** Each event and its data. */
export interface Events {
  /** A task was created. */
  "task:created": TaskCreated;
  /** Fields of a task changed. */
  "task:updated": TaskUpdated;
  /** A task moved to another place or column. */
  "task:moved": TaskMoved;
  /** A task was given to somebody, or to nobody. */
  "task:assigned": TaskAssigned;
  /** A task was completed. */
  "task:completed": TaskCompleted;
  /** A task was deleted. */
  "task:deleted": TaskDeleted;
  /** Somebody took a task to work on; it may have moved to another column. */
  "task:claimed": TaskClaimed;
  /** The lease of a task was extended. */
  "task:renewed": TaskRenewed;
  /** The lease of a task ended: the task was given back or taken away, or the lease expired. */
  "task:released": TaskReleased;
  /** A comment was added to a task. */
  "task:comment:added": TaskCommentAdded;
  /** The text of a comment changed. */
  "task:comment:updated": TaskCommentUpdated;
  /** A comment was deleted. */
  "task:comment:deleted": TaskCommentDeleted;
  /** A file was attached to a task. */
  "task:attachment:added": TaskAttachmentAdded;
  /** A file was removed from a task. */
  "task:attachment:removed": TaskAttachmentRemoved;
  /** A task depends on another. */
  "task:dependency:added": TaskDependencyAdded;
  /** A task does not depend on another any more. */
  "task:dependency:removed": TaskDependencyRemoved;
  /** A board was created. */
  "board:created": BoardCreated;
  /** Fields of a board changed. */
  "board:updated": BoardUpdated;
  /** A board was archived. */
  "board:archived": BoardArchived;
  /** A board was restored. */
  "board:restored": BoardRestored;
  /** A member was added, or has another role. */
  "board:member:set": BoardMemberSet;
  /** A member was removed. */
  "board:member:removed": BoardMemberRemoved;
  /** A column was created. */
  "column:created": ColumnCreated;
  /** Fields of a column changed. */
  "column:updated": ColumnUpdated;
  /** The columns have a new order. */
  "column:reordered": ColumnReordered;
  /** A column was deleted. */
  "column:deleted": ColumnDeleted;
  /** A user came to a board: the first of the user's connections there. */
  "user:joined": UserJoined;
  /** A user left a board, or lost the last connection there 5 seconds ago. */
  "user:left": UserLeft;
  /** A user who is present on a board is away, is back, has another task open, or has no connection any more. */
  "user:presence": UserPresence;
  /** A user began to type. */
  "typing:start": Typing;
  /** A user stopped typing. */
  "typing:stop": Typing;
  /** A task of the user changed, or was assigned to the user or taken away. */
  "notification:task": Notified;
  /** The user was mentioned. */
  "notification:mention": Notified;
  /** The operator sent a message. */
  "notification:system": Notified;
  /** Notifications that came within a second of another one. */
  "notifications:batch": NotificationsBatch;
  /** Another connection of the user has marked notifications as read. */
  "notification:read": NotificationRead;
  /** The connection is ready. */
  "connection:status": ConnectionStatus;
  /** The server is about to stop: connect again after `reconnectAfterMs`. */
  "server:closing": ServerClosing;
  /** An error that concerns the connection as a whole; also sent on `RATE_LIMIT`. */
  "error": ErrorEvent;
}

export type EventName = keyof Events;

/** The events that are in a board's log. */
export const DURABLE_EVENTS = [
  "task:created",
  "task:updated",
  "task:moved",
  "task:assigned",
  "task:completed",
  "task:deleted",
  "task:claimed",
  "task:renewed",
  "task:released",
  "task:comment:added",
  "task:comment:updated",
  "task:comment:deleted",
  "task:attachment:added",
  "task:attachment:removed",
  "task:dependency:added",
  "task:dependency:removed",
  "board:created",
  "board:updated",
  "board:archived",
  "board:restored",
  "board:member:set",
  "board:member:removed",
  "column:created",
  "column:updated",
  "column:reordered",
  "column:deleted",
] as const satisfies readonly EventName[];

/** The envelope of every event but `error`. Durable events carry `boardId` and `seq`. */
export type Envelope<Type extends EventName = EventName> = {
  type: Type;
  data: Events[Type];
  timestamp: string;
  id: string;
  boardId?: string;
  seq?: number;
  userId?: string;
  requestId?: string;
};
