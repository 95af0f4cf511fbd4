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
  /** A description, at most 20,000 characters. */
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
  /** Its position among the board's columns: they are sorted by it as text. */
  position: string;
  /** The status that a task gets when it enters the column. */
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

/** A comment on a task. */
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
  /** The socket's id, which is a secret. */
  socketId: string;
  /** Always `connected`. */
  status: string;
  /** Who is connected. */
  user: ConnectedUser;
}

/** A dependency of one task on another. */
export interface Dependency {
  /** When it was added. */
  created_at: string;
  /** Who added it. */
  created_by: string;
  /** The task it depends on. */
  depends_on: string;
  /** The task that depends. */
  task_id: string;
  /** The type of the dependency. */
  type: DependencyType;
}

/** The type of a dependency. */
export type DependencyType = "blocks" | "relates_to" | "duplicates";

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

/** A user's claim to work on a task alone, until a certain time. */
export interface Lease {
  /** When the task was claimed. */
  acquired_at: string;
  /** The name of the agent that works on the task for the holder, at most 100 characters. */
  agent: string | null;
  /** When it ends by itself. From then on it has no effect, even while it is still shown. */
  expires_at: string;
  /** The number of the claim: each claim of a task has a higher one than all before it. */
  fence: number;
  /** Who claimed the task. */
  holder: string;
}

/** What the server accepts from one user or in one message. */
export interface Limits {
  /** The most commands in any second. */
  burst: number;
  /** The most bytes in one message. */
  maxPayload: number;
  /** The most commands in any window of `windowMs`. */
  maxRequests: number;
  /** The most subscriptions of one socket. */
  maxSubscriptions: number;
  /** The length of that window, in milliseconds. */
  windowMs: number;
}

/** A board in a list of boards. */
export interface ListedBoard {
  /** An archived board can be read and restored, and nothing else. */
  archived: boolean;
  /** When anything on it last changed: the time of the latest event in its log. */
  changed_at: string;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** A description, at most 20,000 characters. */
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

/** A member of a board. */
export interface Member {
  /** Whether the user is an agent: a program that works in its own name. */
  agent: boolean;
  /** The board. */
  board_id: string;
  /** The user's name. */
  name: string;
  /** What the user may do there. */
  role: Role;
  /** The user. */
  user_id: string;
}

/** A message to a user about something that happened. */
export interface Notification {
  /** Who caused it. */
  actor: string | null;
  /** The board it concerns. */
  board_id: string | null;
  /** When it was made. */
  created_at: string;
  /** Its id. */
  id: string;
  /** What it is about. */
  kind: NotificationKind;
  /** When it was read. */
  read_at: string | null;
  /** The task it concerns. */
  task_id: string | null;
  /** A sentence for people. */
  text: string;
  /** The user who gets it. */
  user_id: string;
}

/** What a notification is about. */
export type NotificationKind = "task" | "mention" | "system";

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

/** What a member may do on a board. A higher role may do all that a lower one may. */
export type Role = "viewer" | "member" | "owner";

/** `server:closing`. */
export interface ServerClosing {
  /** How long to wait before connecting again, in milliseconds. */
  reconnectAfterMs: number;
}

/** The status of a task. */
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
  /** A description, at most 20,000 characters. */
  description: string;
  /** When it is due: a date or an instant, as the client wrote it. */
  due_date: string | null;
  /** Its id. */
  id: string;
  /** The lease on it; `null`: nobody has claimed it. */
  lease: Lease | null;
  /** Its position in the column: tasks are sorted by it as text. */
  position: string;
  /** How urgent it is: 0 to 10. */
  priority: number;
  /** Its status. */
  status: Status;
  /** Its labels. */
  tags: string[];
  /** A title, 1–500 characters. */
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
  /** Who types. */
  userId: string;
  /** The board. */
  boardId?: string | null;
  /** The task, if the user types on one. */
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

/** A user who is present on a board. */
export interface Viewer {
  /** The user's name. */
  name: string;
  /** Since when the user has been present. */
  since: string;
  /** Whether the user is online or away. */
  status: ViewerStatus;
  /** The user. */
  userId: string;
  /** The task that the user has open. */
  taskId?: string | null;
}

/** Whether a user is online or away. */
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
    payload: { taskId: string; updates: { assignee?: string | null; description?: string | null; due_date?: string | null; priority?: number; status?: Status; tags?: string[]; title?: string }; expectedVersion?: number | null; fence?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Moves a task to a column and a place in it. */
  "task:move": {
    payload: { taskId: string; toColumn: string; after?: string | null; before?: string | null; fence?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Gives a task to a user, or to nobody. */
  "task:assign": {
    payload: { assignee: string | null; taskId: string } & { requestId?: string };
    result: { task: Task };
  };
  /** Marks a task as done and moves it to the board's first column with the status `done`. */
  "task:complete": {
    payload: { taskId: string; fence?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Deletes a task. */
  "task:delete": {
    payload: { taskId: string } & { requestId?: string };
    result: { taskId: string };
  };
  /** Takes a task to work on, the next one or a certain one, and holds it for some time. */
  "task:claim": {
    payload: { boardId: string; agent?: string | null; columnId?: string | null; tags?: string[] | null; taskId?: string | null; ttl?: number | null } & { requestId?: string };
    result: { task: Task | null; why: { candidates: number; reasons: string[]; skipped: { assignedToOthers: number; blocked: number; leased: number; tags: number; wipLimit: number } } };
  };
  /** Holds a task for longer. */
  "task:renew": {
    payload: { fence: number; taskId: string; ttl?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Gives a task back, or takes it away from whoever holds it. It stays in its column. */
  "task:release": {
    payload: { taskId: string; fence?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Adds a comment to a task. */
  "task:comment:add": {
    payload: { body: string; taskId: string; id?: string | null } & { requestId?: string };
    result: { comment: Comment };
  };
  /** Gives a comment another text. */
  "task:comment:update": {
    payload: { body: string; commentId: string } & { requestId?: string };
    result: { comment: Comment };
  };
  /** Deletes a comment. */
  "task:comment:delete": {
    payload: { commentId: string } & { requestId?: string };
    result: { commentId: string };
  };
  /** Removes a file from a task. */
  "task:attachment:remove": {
    payload: { attachmentId: string } & { requestId?: string };
    result: { attachmentId: string };
  };
  /** Says that a task depends on another. */
  "task:dependency:add": {
    payload: { dependsOn: string; taskId: string; type?: DependencyType } & { requestId?: string };
    result: { dependency: Dependency };
  };
  /** Says that a task does not depend on another any more. */
  "task:dependency:remove": {
    payload: { dependsOn: string; taskId: string; type?: DependencyType } & { requestId?: string };
    result: { dependency: Dependency };
  };
  /** Makes a board with the caller as its owner. */
  "board:create": {
    payload: { name: string; color?: string | null; columns?: ({ name: string; status?: Status | null; wip_limit?: number | null })[] | null; description?: string | null; id?: string | null; team_id?: string | null } & { requestId?: string };
    result: { board: Board; columns: Column[] };
  };
  /** Sets fields of a board. */
  "board:update": {
    payload: { boardId: string; updates: { color?: string | null; description?: string | null; name?: string; team_id?: string | null }; expectedVersion?: number | null } & { requestId?: string };
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
  /** Marks notifications of the caller as read, for all of the caller's connections. */
  "notification:read": {
    payload: { all?: boolean | null; ids?: string[] | null } & { requestId?: string };
    result: { unread: number };
  };
  /** A task with all that belongs to it. */
  "task:get": {
    payload: { taskId: string } & { requestId?: string };
    result: { attachments: Attachment[]; blockedBy: string[]; blocking: string[]; comments: Comment[]; dependencies: Dependency[]; task: Task };
  };
  /** The task that `task:claim` would take. Changes nothing. */
  "task:next": {
    payload: { boardId: string; columnId?: string | null; tags?: string[] | null } & { requestId?: string };
    result: { task: Task | null; why: { candidates: number; reasons: string[]; skipped: { assignedToOthers: number; blocked: number; leased: number; tags: number; wipLimit: number } } };
  };
  /** Tasks on one board or on all that the caller may read, page by page. */
  "task:list": {
    payload: { assignee?: string | null; boardId?: string | null; columnId?: string | null; cursor?: string | null; leased?: boolean | null; limit?: number | null; status?: Status | null; tag?: string | null; updatedSince?: string | null } & { requestId?: string };
    result: { tasks: Task[]; cursor?: string | null };
  };
  /** Tasks in whose title, description or comments all of these words are. */
  "task:search": {
    payload: { query: string; boardId?: string | null; limit?: number | null } & { requestId?: string };
    result: { hits: ({ boardId: string; snippet: string; status: Status; taskId: string; title: string; commentId?: string | null })[] };
  };
  /** All of a board at one moment, or with `limit` a page of it, with the `seq` to go on from. */
  "board:get": {
    payload: { boardId: string; after?: string | null; limit?: number | null } & { requestId?: string };
    result: { board: Board; columns: Column[]; dependencies: Dependency[]; epoch: string; members: Member[]; seq: number; tasks: Task[]; next?: string | null };
  };
  /** The events of a board after a certain one. */
  "board:events": {
    payload: { boardId: string; since: number; epoch?: string | null; limit?: number | null } & { requestId?: string };
    result: { complete: boolean; epoch: string; events: (Record<string, unknown>)[]; recovered: boolean; seq: number };
  };
  /** The boards that the caller may read. */
  "board:list": {
    payload: { archived?: boolean | null } & { requestId?: string };
    result: { boards: ListedBoard[] };
  };
  /** The caller's notifications, newest first. */
  "notification:list": {
    payload: { before?: string | null; limit?: number | null; unreadOnly?: boolean | null } & { requestId?: string };
    result: { notifications: Notification[]; unread: number };
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
  /** Says whether the caller is online or away, and on which board and task. */
  "presence:update": {
    payload: { status: ViewerStatus; boardId?: string | null; taskId?: string | null } & { requestId?: string };
    result: Record<string, unknown>;
  };
  /** Lists who is present on a board. */
  "presence:list": {
    payload: { boardId: string } & { requestId?: string };
    result: { users: Viewer[] };
  };
  /** The caller types, on a board or on a task. It ends by itself after 5 seconds without another one. */
  "typing:start": {
    payload: { boardId?: string | null; taskId?: string | null } & { requestId?: string };
    result: Record<string, unknown>;
  };
  /** The caller types no more. */
  "typing:stop": {
    payload: { boardId?: string | null; taskId?: string | null } & { requestId?: string };
    result: Record<string, unknown>;
  };
  /** Goes on with a token of the same user that expires later. */
  "auth:refresh": {
    payload: { token: string } & { requestId?: string };
    result: { expiresAt: string | null };
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
  /** Somebody took a task to work on; it may have moved to another column. */
  "task:claimed": TaskClaimed;
  /** Somebody holds a task for longer. */
  "task:renewed": TaskRenewed;
  /** Nobody holds a task any more: it was given back or taken away, or the time was over. */
  "task:released": TaskReleased;
  /** A comment was added to a task. */
  "task:comment:added": TaskCommentAdded;
  /** A comment has another text. */
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
  /** A user left a board: the last of the user's connections there, 5 seconds after it was lost. */
  "user:left": UserLeft;
  /** A user who is present on a board is away, is back, has another task open, or has no connection any more. */
  "user:presence": UserPresence;
  /** A user began to type. */
  "typing:start": Typing;
  /** A user types no more. */
  "typing:stop": Typing;
  /** A task that is assigned to the user changed, or was assigned. */
  "notification:task": Notified;
  /** The user was mentioned. */
  "notification:mention": Notified;
  /** The operator sent a message. */
  "notification:system": Notified;
  /** Notifications that came within a second after another. */
  "notifications:batch": NotificationsBatch;
  /** Another connection of the user has marked notifications as read. */
  "notification:read": NotificationRead;
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

/** The command was not executed. Only UNAVAILABLE and INTERNAL leave open whether it was: the same requestId finds out. */
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
