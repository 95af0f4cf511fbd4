// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

export const PROTOCOL_VERSION = 1;

/** A file on a task. */
export interface Attachment {
  /** The task's board. */
  board_id: string;
  /** Its media type as uploaded. */
  content_type: string;
  /** When it was uploaded. */
  created_at: string;
  /** The name it was uploaded under. */
  filename: string;
  /** Its id. */
  id: string;
  /** The SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
  /** Its size in bytes. */
  size: number;
  /** The task it is on. */
  task_id: string;
  /** Who uploaded it. */
  uploaded_by: string;
}

/** A board: columns of tasks that its members share. */
export interface Board {
  /** An archived board can be read and restored, and nothing else. */
  archived: boolean;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** What it is for, at most 20,000 characters. */
  description: string;
  /** Its id. */
  id: string;
  /** Its name, 1–500 characters. */
  name: string;
  /** The team it belongs to. */
  team_id: string | null;
  /** When its own fields last changed. */
  updated_at: string;
  /** Rises by one with each change of the board's own fields. */
  version: number;
}

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
  /** Who is no member any more. */
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

/** A column of a board. */
export interface Column {
  /** The board it is on. */
  board_id: string;
  /** When it was made. */
  created_at: string;
  /** Its id. */
  id: string;
  /** Its name, 1–500 characters. */
  name: string;
  /** Where it stands among the board's columns: sorts as text. */
  position: string;
  /** The status that a task takes on when it enters. */
  status: Status | null;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
  /** How many tasks it may hold. */
  wip_limit: number | null;
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

/** A remark on a task. */
export interface Comment {
  /** Who wrote it. */
  author: string;
  /** The task's board. */
  board_id: string;
  /** The text, at most 20,000 characters. */
  body: string;
  /** When it was written. */
  created_at: string;
  /** Its id. */
  id: string;
  /** Who is mentioned in it. */
  mentions: string[];
  /** The task it is on. */
  task_id: string;
  /** When it was last changed. */
  updated_at: string;
}

/** Who is connected. */
export interface ConnectedUser {
  /** The user's id. */
  id: string;
  /** The user's name. */
  name: string;
  /** What the credential allows: `read`, `write`, `admin`. */
  permissions: string[];
  /** The user's teams. */
  teams: string[];
}

/** `connection:status`. */
export interface ConnectionStatus {
  /** What the server accepts. */
  limits: Limits;
  /** The version of the wire contract. */
  protocolVersion: number;
  /** The server's version. */
  serverVersion: string;
  /** The socket's id. Keep it to yourself. */
  socketId: string;
  /** Always `connected`. */
  status: string;
  /** Who is connected. */
  user: ConnectedUser;
}

/** That one task has to do with another. */
export interface Dependency {
  /** When. */
  created_at: string;
  /** Who said so. */
  created_by: string;
  /** The task it depends on. */
  depends_on: string;
  /** The task that depends. */
  task_id: string;
  /** In which way. */
  type: DependencyType;
}

/** In which way one task depends on another. */
export type DependencyType = "blocks" | "relates_to" | "duplicates";

/** `error`: sent bare, without an envelope. */
export interface ErrorEvent {
  /** The stable code. */
  code: string;
  /** A sentence for people. */
  message: string;
  /** When. */
  timestamp: string;
  /** How many commands the binding limit allows, on `RATE_LIMIT`. */
  limit?: number | null;
  /** How many are left of it, on `RATE_LIMIT`. */
  remaining?: number | null;
  /** The request that it answers. */
  requestId?: string | null;
  /** When the first one is free again, in milliseconds since 1970 UTC, on `RATE_LIMIT`. */
  reset?: number | null;
  /** How many seconds to wait, on `RATE_LIMIT`. */
  retryAfter?: number | null;
}

/** What the server accepts from one user or in one message. */
export interface Limits {
  /** Commands in any second. */
  burst: number;
  /** Bytes in one message. */
  maxPayload: number;
  /** Commands in any window of `windowMs`. */
  maxRequests: number;
  /** Subscriptions of one socket. */
  maxSubscriptions: number;
  /** The length of that window, in milliseconds. */
  windowMs: number;
}

/** A user's place on a board. */
export interface Member {
  /** The board. */
  board_id: string;
  /** The user's name. */
  name: string;
  /** What the user may do there. */
  role: Role;
  /** The user. */
  user_id: string;
}

/** What a member may do on a board. A higher role may do all that a lower one may. */
export type Role = "viewer" | "member" | "owner";

/** `server:closing`. */
export interface ServerClosing {
  /** How long to wait before connecting again, in milliseconds. */
  reconnectAfterMs: number;
}

/** How far a task is. */
export type Status = "todo" | "in_progress" | "blocked" | "done";

/** A card on a board. */
export interface Task {
  /** Who works on it. */
  assignee: string | null;
  /** The board it is on. */
  board_id: string;
  /** The column it is in. */
  column_id: string;
  /** When its status became `done`; `null` while it is not. */
  completed_at: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** More about it, at most 20,000 characters. */
  description: string;
  /** When it is due: a date or an instant, as the client wrote it. */
  due_date: string | null;
  /** Its id. */
  id: string;
  /** Where it stands in its column: sorts as text. */
  position: string;
  /** How urgent it is: 0 to 10. */
  priority: number;
  /** How far it is. */
  status: Status;
  /** Its labels. */
  tags: string[];
  /** What is to be done, 1–500 characters. */
  title: string;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
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
  /** The column it is in: the same, if only its place changed. */
  toColumn: string;
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

/** A user who is looking at a board. */
export interface Viewer {
  /** The user's name. */
  name: string;
  /** Since when. */
  since: string;
  /** Whether the user is there or away. */
  status: ViewerStatus;
  /** The user. */
  userId: string;
  /** The task that the user has open. */
  taskId?: string | null;
}

/** Whether a viewer is there. */
export type ViewerStatus = "online" | "away";

/** Each command: what it takes, and what it results in. */
export interface Commands {
  /** Adds a task at the end of a column, or next to a neighbour. */
  "task:create": {
    payload: { boardId: string; title: string; after?: string | null; assignee?: string | null; before?: string | null; columnId?: string | null; description?: string | null; due_date?: string | null; id?: string | null; priority?: number | null; tags?: string[] | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Sets fields of a task. */
  "task:update": {
    payload: { taskId: string; updates: { assignee?: string | null; description?: string | null; due_date?: string | null; priority?: number; status?: Status; tags?: string[]; title?: string }; expectedVersion?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Moves a task to a column and a place in it. */
  "task:move": {
    payload: { taskId: string; toColumn: string; after?: string | null; before?: string | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Gives a task to a user, or to nobody. */
  "task:assign": {
    payload: { assignee: string | null; taskId: string } & { requestId?: string };
    result: { task: Task };
  };
  /** Marks a task as done and moves it to the board's first column with the status `done`. */
  "task:complete": {
    payload: { taskId: string } & { requestId?: string };
    result: { task: Task };
  };
  /** Deletes a task. */
  "task:delete": {
    payload: { taskId: string } & { requestId?: string };
    result: { taskId: string };
  };
  /** Makes a board with the caller as its owner. */
  "board:create": {
    payload: { name: string; color?: string | null; columns?: ({ name: string; status?: Status | null; wip_limit?: number | null })[] | null; description?: string | null; id?: string | null } & { requestId?: string };
    result: { board: Board; columns: Column[] };
  };
  /** Sets fields of a board. */
  "board:update": {
    payload: { boardId: string; updates: { color?: string | null; description?: string | null; name?: string }; expectedVersion?: number | null } & { requestId?: string };
    result: { board: Board };
  };
  /** Archives a board: it can be read and restored, and nothing else. */
  "board:archive": {
    payload: { boardId: string } & { requestId?: string };
    result: { board: Board };
  };
  /** Restores an archived board. */
  "board:restore": {
    payload: { boardId: string } & { requestId?: string };
    result: { board: Board };
  };
  /** Adds a member, or changes a member's role. The last owner stays owner. */
  "board:member:set": {
    payload: { boardId: string; role: Role; userId: string } & { requestId?: string };
    result: { member: Member };
  };
  /** Removes a member. The last owner stays. */
  "board:member:remove": {
    payload: { boardId: string; userId: string } & { requestId?: string };
    result: { userId: string };
  };
  /** Adds a column at the end, or next to a neighbour. */
  "column:create": {
    payload: { boardId: string; name: string; after?: string | null; before?: string | null; id?: string | null; status?: Status | null; wip_limit?: number | null } & { requestId?: string };
    result: { column: Column };
  };
  /** Sets fields of a column. */
  "column:update": {
    payload: { columnId: string; updates: { name?: string; status?: Status | null; wip_limit?: number | null }; expectedVersion?: number | null } & { requestId?: string };
    result: { column: Column };
  };
  /** Puts all columns of a board in a new order. */
  "column:reorder": {
    payload: { boardId: string; columnIds: string[] } & { requestId?: string };
    result: { columns: Column[] };
  };
  /** Deletes a column; its tasks move to `moveTasksTo`. */
  "column:delete": {
    payload: { columnId: string; moveTasksTo?: string | null } & { requestId?: string };
    result: { columnId: string };
  };
  /** A task with all that belongs to it. */
  "task:get": {
    payload: { taskId: string } & { requestId?: string };
    result: { attachments: Attachment[]; comments: Comment[]; dependencies: Dependency[]; task: Task };
  };
  /** All of a board at one moment, with the `seq` to go on from. */
  "board:get": {
    payload: { boardId: string } & { requestId?: string };
    result: { board: Board; columns: Column[]; epoch: string; members: Member[]; seq: number; tasks: Task[] };
  };
  /** The boards that the caller may read. */
  "board:list": {
    payload: { archived?: boolean | null } & { requestId?: string };
    result: { boards: Board[] };
  };
  /** Receive events whose name matches a pattern, from one board or from all that the caller may read. */
  "subscribe": {
    payload: { type: string; epoch?: string | null; filters?: { boardId?: string | null; taskId?: string | null; userId?: string | null }; since?: number | null } & { requestId?: string };
    result: { filters: { boardId?: string | null; taskId?: string | null; userId?: string | null }; subscriptionId: string; type: string; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** Ends a subscription. */
  "unsubscribe": {
    payload: { subscriptionId: string } & { requestId?: string };
    result: { subscriptionId: string };
  };
  /** Receive everything on a board, in place of the board viewed before. */
  "view:board": {
    payload: { boardId: string; epoch?: string | null; since?: number | null } & { requestId?: string };
    result: { viewers: Viewer[]; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** Receive everything on a task, in place of the task viewed before. */
  "view:task": {
    payload: { taskId: string } & { requestId?: string };
    result: { viewers: Viewer[]; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** View no board and no task any more. */
  "view:leave": {
    payload: Record<string, never> & { requestId?: string };
    result: { viewers: Viewer[]; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
}

export type CommandName = keyof Commands;

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
  /** The connection is ready. */
  "connection:status": ConnectionStatus;
  /** The server is about to stop: connect again after `reconnectAfterMs`. */
  "server:closing": ServerClosing;
  /** Something concerns the connection as a whole; also sent on `RATE_LIMIT`. */
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
  | "ARCHIVED"
  | "SUBSCRIPTION_LIMIT"
  | "RATE_LIMIT"
  | "PAYLOAD_TOO_LARGE"
  | "UNAVAILABLE"
  | "SOCKET_ERROR"
  | "INTERNAL";

/** The reply to a command: to the callback, or as the event `<command>:success` or `<command>:error`. */
export type Reply<Result> = Success<Result> | Failure;

/** The command was executed. `seq` is the board's sequence number after it. */
export type Success<Result> = { ok: true; requestId?: string; seq?: number } & Result;

/** The command was not executed, and nothing was changed. */
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

/** What every event but `error` travels in. Durable events carry `boardId` and `seq`. */
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
