/** The effect of each command on a board, as far as it is known before the server has executed it. */
import type { Payload } from "../queue.js";
import { BLANK_TASK, type Column, type CommandName, type Status, type Task } from "../protocol.js";
import { dependencyKey, removeTask, type Content } from "./content.js";
import { between, compare, initialKeys } from "./position.js";

/** Who changes the board, and when. */
export interface Author {
  readonly userId: string;
  readonly now: string;
}

type Effects = { readonly [Name in CommandName]?: (content: Content, payload: Payload<Name>, author: Author) => void };

const EFFECTS: Effects = {
  "task:create": (content, payload, { userId, now }) => {
    const { boardId, id, title, columnId, description, priority, assignee, due_date, tags } = payload;
    const column = columnId == null ? inOrder(content.columns.values())[0] : content.columns.get(columnId);
    if (id == null || column === undefined || content.tasks.has(id)) return;
    const status = column.status ?? "todo";
    content.tasks.set(id, {
      ...BLANK_TASK,
      id,
      board_id: boardId,
      column_id: column.id,
      title,
      description: description ?? "",
      status,
      position: positionAmong(content, column.id, id, payload),
      priority: priority ?? BLANK_TASK.priority,
      assignee: assignee ?? null,
      due_date: due_date ?? null,
      tags: tags ?? [],
      version: 0,
      created_by: userId,
      created_at: now,
      updated_at: now,
      completed_at: status === "done" ? now : null,
    });
  },
  "task:update": (content, { taskId, updates }, { now }) => {
    const task = content.tasks.get(taskId);
    if (task === undefined) return;
    const { description, ...rest } = updates;
    const updated = { ...task, ...rest, ...(description === undefined ? {} : { description: description ?? "" }) };
    content.tasks.set(taskId, withStatus(updated, updates.status ?? task.status, now));
  },
  "task:move": (content, payload, { now }) => {
    const [task, column] = [content.tasks.get(payload.taskId), content.columns.get(payload.toColumn)];
    if (task && column) content.tasks.set(task.id, movedInto(content, task, column, payload, now));
  },
  "task:assign": (content, { taskId, assignee }) => {
    const task = content.tasks.get(taskId);
    if (task) content.tasks.set(taskId, { ...task, assignee });
  },
  "task:complete": (content, { taskId }, { now }) => {
    const task = content.tasks.get(taskId);
    if (task === undefined) return;
    const done = inOrder(content.columns.values()).filter(({ status }) => status === "done");
    const [target] = done;
    const elsewhere = target && !done.some(({ id }) => id === task.column_id);
    content.tasks.set(taskId, elsewhere ? movedInto(content, task, target, {}, now) : withStatus(task, "done", now));
  },
  "task:delete": (content, { taskId }) => removeTask(content, taskId),
  "task:dependency:add": (content, { taskId, dependsOn, type = "blocks" }, { userId, now }) => {
    const dependency = { task_id: taskId, depends_on: dependsOn, type, created_by: userId, created_at: now };
    const known = content.dependencies.has(dependencyKey(dependency));
    if (!known && content.tasks.has(taskId) && content.tasks.has(dependsOn)) content.dependencies.set(dependencyKey(dependency), dependency);
  },
  "task:dependency:remove": (content, { taskId, dependsOn, type = "blocks" }) => {
    content.dependencies.delete(dependencyKey({ task_id: taskId, depends_on: dependsOn, type }));
  },
  "column:update": (content, { columnId, updates }) => {
    const column = content.columns.get(columnId);
    if (column) content.columns.set(columnId, { ...column, ...updates });
  },
  "column:reorder": (content, { columnIds }) => {
    const keys = initialKeys(columnIds.length);
    columnIds.forEach((id, at) => {
      const column = content.columns.get(id);
      if (column) content.columns.set(id, { ...column, position: keys[at] ?? column.position });
    });
  },
  "board:update": (content, { updates }) => {
    const { description, ...rest } = updates;
    if (content.board) content.board = { ...content.board, ...rest, ...(description === undefined ? {} : { description: description ?? "" }) };
  },
};

/** Applies the expected effect of a command to the content, if it is known. */
export function applyOptimistically(content: Content, command: CommandName, payload: object, author: Author): void {
  const effect = EFFECTS[command] as ((content: Content, payload: object, author: Author) => void) | undefined;
  effect?.(content, payload, author);
}

/** Returns columns or tasks in order: by position, and by id where positions are equal. */
export function inOrder<Placed extends { id: string; position: string }>(all: Iterable<Placed>): Placed[] {
  return [...all].sort((one, other) => compare(one.position, other.position) || compare(one.id, other.id));
}

interface Neighbours {
  before?: string | null;
  after?: string | null;
}

/** Returns a position after the task `after`, or before the task `before`, or at the end of the column. */
function positionAmong(content: Content, columnId: string, taskId: string, { before, after }: Neighbours): string {
  const others = inOrder(content.tasks.values()).filter(({ id, column_id }) => column_id === columnId && id !== taskId);
  const index = (id: string | null | undefined) => (id == null ? -1 : others.findIndex((other) => other.id === id));
  const [afterIndex, beforeIndex] = [index(after), index(before)];
  const at = afterIndex >= 0 ? afterIndex + 1 : beforeIndex >= 0 ? beforeIndex : others.length;
  return between(others[at - 1]?.position, others[at]?.position);
}

function movedInto(content: Content, task: Task, column: Column, neighbours: Neighbours, now: string): Task {
  const moved = { ...task, column_id: column.id, position: positionAmong(content, column.id, task.id, neighbours) };
  return task.column_id === column.id ? moved : withStatus(moved, column.status ?? task.status, now);
}

function withStatus(task: Task, status: Status, now: string): Task {
  return { ...task, status, completed_at: status === "done" ? (task.completed_at ?? now) : null };
}
