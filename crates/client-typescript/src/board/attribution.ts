/** Which replies report changes of a board. */
import type { Attachment, Board, Column, Comment, Dependency, Member, Task } from "../protocol.js";
import type { Content } from "./content.js";

/** The entities and ids in replies to changes. */
export interface ReplyContent {
  board?: Board;
  column?: Column;
  columns?: Column[];
  task?: Task | null;
  member?: Member;
  comment?: Comment;
  attachment?: Attachment;
  dependency?: Dependency;
  taskId?: string;
  columnId?: string;
}

/** Commands that change nothing, although their replies have a `seq`. */
const NO_CHANGES = new Set(["board:get", "board:events", "subscribe", "view:board", "view:task", "view:leave"]);

/**
 * Returns whether a reply reports a change of this board. A reply that names no board, task or column, such as the one to
 * deleting a comment, can't be attributed; its `seq` is then missing, and a snapshot is loaded.
 */
export function belongsTo(boardId: string, content: Content, command: string, payload: object, reply: ReplyContent): boolean {
  if (NO_CHANGES.has(command)) return false;
  const { board, task, column, columns, member, comment, attachment, dependency, taskId, columnId } = reply;
  const named = [task, column, columns?.[0], member, comment, attachment].find((entity) => entity != null);
  const id = board?.id ?? named?.board_id ?? (payload as { boardId?: string }).boardId;
  if (id !== undefined) return id === boardId;
  const concerned = taskId ?? dependency?.task_id;
  return (concerned !== undefined && content.tasks.has(concerned)) || (columnId !== undefined && content.columns.has(columnId));
}
