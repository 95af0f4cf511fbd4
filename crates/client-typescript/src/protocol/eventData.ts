// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

import type {
  Attachment,
  Board,
  Column,
  Comment,
  ConnectedUser,
  Dependency,
  Limits,
  Member,
  Notification,
  Task,
} from "./entities.js";

/** `board:archived`. */
export interface BoardArchived {
  /** Who archived it. */
  archivedBy: string;
  /** The board as it is now. */
  board: Board;
}

/** `board:created`. */
export interface BoardCreated {
  /** The board as it is now. */
  board: Board;
  /** Its columns, in order. */
  columns: Column[];
  /** Who created it. */
  createdBy: string;
}

/** `board:member:removed`. */
export interface BoardMemberRemoved {
  /** The board. */
  boardId: string;
  /** Who is no longer a member. */
  userId: string;
}

/** `board:member:set`. */
export interface BoardMemberSet {
  /** The board. */
  boardId: string;
  /** The member as it is now. */
  member: Member;
}

/** `board:restored`. */
export interface BoardRestored {
  /** The board as it is now. */
  board: Board;
  /** Who restored it. */
  restoredBy: string;
}

/** `board:updated`. */
export interface BoardUpdated {
  /** The board as it is now. */
  board: Board;
  /** The fields that changed, with their new values. */
  changes: Record<string, unknown>;
  /** Who changed it. */
  updatedBy: string;
}

/** `column:created`. */
export interface ColumnCreated {
  /** Its board. */
  boardId: string;
  /** The column as it is now. */
  column: Column;
}

/** `column:deleted`. */
export interface ColumnDeleted {
  /** Its board. */
  boardId: string;
  /** The column that is gone. */
  columnId: string;
}

/** `column:reordered`. */
export interface ColumnReordered {
  /** Their board. */
  boardId: string;
  /** All columns of the board, in the new order. */
  columns: Column[];
}

/** `column:updated`. */
export interface ColumnUpdated {
  /** Its board. */
  boardId: string;
  /** The fields that changed, with their new values. */
  changes: Record<string, unknown>;
  /** The column as it is now. */
  column: Column;
}

/** `connection:status`. */
export interface ConnectionStatus {
  /** What the server accepts. */
  limits: Limits;
  /** The version of the wire contract. */
  protocolVersion: number;
  /** The server's version. */
  serverVersion: string;
  /** The socket's id, which is a secret. */
  socketId: string;
  /** Always `connected`. */
  status: string;
  /** Who is connected. */
  user: ConnectedUser;
}

/** `error`: sent bare, without an envelope. */
export interface ErrorEvent {
  /** The stable code. */
  code: string;
  /** A sentence for people. */
  message: string;
  /** When it was sent. */
  timestamp: string;
  /** How many commands the binding limit allows, on `RATE_LIMIT`. */
  limit?: number | null;
  /** How many commands the binding limit has left, on `RATE_LIMIT`. */
  remaining?: number | null;
  /** The request that it answers. */
  requestId?: string | null;
  /** When the binding limit has more left, in milliseconds since 1970 UTC, on `RATE_LIMIT`. */
  reset?: number | null;
  /** How many seconds to wait, on `RATE_LIMIT`. */
  retryAfter?: number | null;
}

/** `notification:read`. */
export interface NotificationRead {
  /** `true`: all notifications have been read. */
  all: boolean;
  /** How many notifications of the user have not been read. */
  unread: number;
  /** The notifications that have been read. */
  ids?: string[] | null;
}

/** `notifications:batch`. */
export interface NotificationsBatch {
  /** The notifications, oldest first, at most 10. */
  notifications: Notification[];
}

/** `notification:task`, `notification:mention`, `notification:system`. */
export interface Notified {
  /** The notification. */
  notification: Notification;
}

/** `server:closing`. */
export interface ServerClosing {
  /** How long to wait before connecting again, in milliseconds. */
  reconnectAfterMs: number;
}

/** `task:assigned`. */
export interface TaskAssigned {
  /** Who assigned it. */
  assignedBy: string;
  /** Who works on it now. */
  assignee: string | null;
  /** Its board. */
  boardId: string;
  /** Who worked on it before. */
  previousAssignee: string | null;
  /** The task as it is now. */
  task: Task;
}

/** `task:attachment:added`. */
export interface TaskAttachmentAdded {
  /** The attachment. */
  attachment: Attachment;
  /** The task's board. */
  boardId: string;
  /** Its task. */
  taskId: string;
}

/** `task:attachment:removed`. */
export interface TaskAttachmentRemoved {
  /** The attachment that is gone. */
  attachmentId: string;
  /** The task's board. */
  boardId: string;
  /** The task it was on. */
  taskId: string;
}

/** `task:claimed`. */
export interface TaskClaimed {
  /** Its board. */
  boardId: string;
  /** Who claimed it. */
  claimedBy: string;
  /** The column it was in. */
  fromColumn: string;
  /** The task as it is now. */
  task: Task;
}

/** `task:comment:added`. */
export interface TaskCommentAdded {
  /** The task's board. */
  boardId: string;
  /** The comment. */
  comment: Comment;
  /** Its task. */
  taskId: string;
}

/** `task:comment:deleted`. */
export interface TaskCommentDeleted {
  /** The task's board. */
  boardId: string;
  /** The comment that is gone. */
  commentId: string;
  /** The task it was on. */
  taskId: string;
}

/** `task:comment:updated`. */
export interface TaskCommentUpdated {
  /** The task's board. */
  boardId: string;
  /** The comment as it is now. */
  comment: Comment;
  /** Its task. */
  taskId: string;
}

/** `task:completed`. */
export interface TaskCompleted {
  /** Its board. */
  boardId: string;
  /** Who completed it. */
  completedBy: string;
  /** The task as it is now. */
  task: Task;
}

/** `task:created`. */
export interface TaskCreated {
  /** Its board. */
  boardId: string;
  /** Who created it. */
  createdBy: string;
  /** The task as it is now. */
  task: Task;
}

/** `task:deleted`. */
export interface TaskDeleted {
  /** Its board. */
  boardId: string;
  /** Who deleted it. */
  deletedBy: string;
  /** The task that is gone. */
  taskId: string;
}

/** `task:dependency:added`. */
export interface TaskDependencyAdded {
  /** The tasks' board. */
  boardId: string;
  /** The dependency. */
  dependency: Dependency;
}

/** `task:dependency:removed`. */
export interface TaskDependencyRemoved {
  /** The tasks' board. */
  boardId: string;
  /** The dependency as it was. */
  dependency: Dependency;
}

/** `task:moved`. */
export interface TaskMoved {
  /** Its board. */
  boardId: string;
  /** The column it was in. */
  fromColumn: string;
  /** Who moved it. */
  movedBy: string;
  /** The task as it is now. */
  task: Task;
  /** The column it is in: the same one, if only its position changed. */
  toColumn: string;
}

/** `task:released`. */
export interface TaskReleased {
  /** Its board. */
  boardId: string;
  /** Whether the lease expired. */
  expired: boolean;
  /** Who held it. */
  holder: string;
  /** Who gave it back or took it away; `null`: the lease expired. */
  releasedBy: string | null;
  /** The task as it is now. */
  task: Task;
}

/** `task:renewed`. */
export interface TaskRenewed {
  /** Its board. */
  boardId: string;
  /** Who renewed the lease. */
  renewedBy: string;
  /** The task as it is now. */
  task: Task;
}

/** `task:updated`. */
export interface TaskUpdated {
  /** Its board. */
  boardId: string;
  /** The fields that changed, with their new values. */
  changes: Record<string, unknown>;
  /** The task as it is now. */
  task: Task;
  /** Who changed it. */
  updatedBy: string;
}

/** `typing:start` and `typing:stop`. */
export interface Typing {
  /** Who is typing. */
  userId: string;
  /** The board. */
  boardId?: string | null;
  /** The task, if the user is typing on one. */
  taskId?: string | null;
}

/** `user:joined`. */
export interface UserJoined {
  /** The board. */
  boardId: string;
  /** The user's name. */
  name: string;
  /** Who came. */
  userId: string;
  /** The task that the user has open. */
  taskId?: string | null;
}

/** `user:left`. */
export interface UserLeft {
  /** The board. */
  boardId: string;
  /** The user's name. */
  name: string;
  /** Who left. */
  userId: string;
  /** The task that the user had open. */
  taskId?: string | null;
}

/** `user:presence`. */
export interface UserPresence {
  /** Whether the user is online, away or offline. */
  status: "online" | "away" | "offline";
  /** The user. */
  userId: string;
  /** The board. */
  boardId?: string | null;
  /** The task that the user has open. */
  taskId?: string | null;
}
