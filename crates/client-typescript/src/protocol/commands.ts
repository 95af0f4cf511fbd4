// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

import type {
  Attachment,
  Board,
  Column,
  Comment,
  Dependency,
  DependencyType,
  ListedBoard,
  Member,
  Notification,
  Role,
  Status,
  Task,
  Viewer,
  ViewerStatus,
} from "./entities.js";

/** Each command, with its payload and its result. */
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
  /** Extends the lease of a task. */
  "task:renew": {
    payload: { fence: number; taskId: string; ttl?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Gives a task back, or takes it away from its holder. The task stays in its column. */
  "task:release": {
    payload: { taskId: string; fence?: number | null } & { requestId?: string };
    result: { task: Task };
  };
  /** Adds a comment to a task. */
  "task:comment:add": {
    payload: { body: string; taskId: string; id?: string | null } & { requestId?: string };
    result: { comment: Comment };
  };
  /** Changes the text of a comment. */
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
  /** Makes a task depend on another. */
  "task:dependency:add": {
    payload: { dependsOn: string; taskId: string; type?: DependencyType } & { requestId?: string };
    result: { dependency: Dependency };
  };
  /** Removes a dependency of a task on another. */
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
  /** Archives a board: from then on it can only be read and restored, and members can be removed. */
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
  /** Tasks with all of the given words in the title and description, or in one comment. */
  "task:search": {
    payload: { query: string; boardId?: string | null; limit?: number | null } & { requestId?: string };
    result: { hits: ({ boardId: string; snippet: string; status: Status; taskId: string; title: string; commentId?: string | null })[] };
  };
  /** A whole board at one moment, or with `limit` a page of it, and the `seq` of its last event. */
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
  /** Receives events whose name matches a pattern, from one board or from all that the caller may read. */
  "subscribe": {
    payload: { type: string; epoch?: string | null; filters?: { boardId?: string | null; taskId?: string | null; userId?: string | null }; since?: number | null } & { requestId?: string };
    result: { filters: { boardId?: string | null; taskId?: string | null; userId?: string | null }; subscriptionId: string; type: string; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** Ends a subscription. */
  "unsubscribe": {
    payload: { subscriptionId: string } & { requestId?: string };
    result: { subscriptionId: string };
  };
  /** Receives everything on a board, in place of the board viewed before. */
  "view:board": {
    payload: { boardId: string; epoch?: string | null; since?: number | null } & { requestId?: string };
    result: { viewers: Viewer[]; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** Receives everything on a task, in place of the task viewed before. */
  "view:task": {
    payload: { taskId: string } & { requestId?: string };
    result: { viewers: Viewer[]; epoch?: string | null; recovered?: boolean | null; seq?: number | null };
  };
  /** Ends the views of a board and a task. */
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
  /** Says that the caller is typing, on a board or on a task. Holds for 5 seconds; send it again to extend it. */
  "typing:start": {
    payload: { boardId?: string | null; taskId?: string | null } & { requestId?: string };
    result: Record<string, unknown>;
  };
  /** Says that the caller has stopped typing. */
  "typing:stop": {
    payload: { boardId?: string | null; taskId?: string | null } & { requestId?: string };
    result: Record<string, unknown>;
  };
  /** Replaces the connection's credentials with a new token of the same user. */
  "auth:refresh": {
    payload: { token: string } & { requestId?: string };
    result: { expiresAt: string | null };
  };
}

export type CommandName = keyof Commands;
