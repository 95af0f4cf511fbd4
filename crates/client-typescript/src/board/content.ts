/** What is on a board, and how an event changes it. */
import type { Board, Column, Commands, Dependency, Member, Task } from "../protocol.js";

/** Everything on a board, by id. */
export interface Content {
  board: Board | undefined;
  columns: Map<string, Column>;
  tasks: Map<string, Task>;
  members: Map<string, Member>;
  /** By {@link dependencyKey}. */
  dependencies: Map<string, Dependency>;
}

/** The entities that events and replies carry. */
interface ChangeData {
  board?: Board;
  column?: Column;
  columns?: Column[];
  /** `null` if the command found none. */
  task?: Task | null;
  tasks?: Task[];
  member?: Member;
  members?: Member[];
  dependency?: Dependency;
  dependencies?: Dependency[];
  taskId?: string;
  columnId?: string;
  userId?: string;
}

/** Returns the key of a dependency in {@link Content}. */
export function dependencyKey({ task_id, type, depends_on }: Pick<Dependency, "task_id" | "type" | "depends_on">): string {
  return `${task_id} ${type} ${depends_on}`;
}

export function emptyContent(): Content {
  return { board: undefined, columns: new Map(), tasks: new Map(), members: new Map(), dependencies: new Map() };
}

/** Returns the content of the first page of a `board:get`, without its tasks and dependencies. */
export function contentOfFirstPage({ board, columns, members }: Commands["board:get"]["result"]): Content {
  return {
    ...emptyContent(),
    board,
    columns: new Map(columns.map((column) => [column.id, column])),
    members: new Map(members.map((member) => [member.user_id, member])),
  };
}

/** Adds the tasks of a page and their dependencies. */
export function addPage(content: Content, { tasks, dependencies }: Commands["board:get"]["result"]): void {
  for (const task of tasks) putUnlessOlder(content.tasks, task.id, task);
  for (const dependency of dependencies) content.dependencies.set(dependencyKey(dependency), dependency);
}

/** Returns a copy that can be changed independently. */
export function copyOf({ board, columns, tasks, members, dependencies }: Content): Content {
  return {
    board,
    columns: new Map(columns),
    tasks: new Map(tasks),
    members: new Map(members),
    dependencies: new Map(dependencies),
  };
}

/**
 * Applies an event, or the reply that reports the same change, by the fields of its data: entities replace the old ones, and a type
 * that ends in `delete`, `deleted`, `remove` or `removed` removes what the data names. So events that this client does not know are
 * applied as well.
 */
export function applyChange(content: Content, type: string, data: unknown): void {
  const fields = (data ?? {}) as ChangeData;
  const [verb = "", noun = ""] = type.split(":").reverse();
  const removed = /^(delete|remove)d?$/.test(verb) ? noun : undefined;
  const listOf = <Entity>(one: Entity | null | undefined, many: Entity[] | undefined) => many ?? (one == null ? [] : [one]);

  if (removed === "task" && fields.taskId !== undefined) removeTask(content, fields.taskId);
  else for (const task of listOf(fields.task, fields.tasks)) putUnlessOlder(content.tasks, task.id, task);

  if (removed === "column" && fields.columnId !== undefined) content.columns.delete(fields.columnId);
  else for (const column of listOf(fields.column, fields.columns)) putUnlessOlder(content.columns, column.id, column);

  if (removed === "member" && fields.userId !== undefined) content.members.delete(fields.userId);
  else for (const member of listOf(fields.member, fields.members)) content.members.set(member.user_id, member);

  for (const dependency of listOf(fields.dependency, fields.dependencies)) {
    if (removed === "dependency") content.dependencies.delete(dependencyKey(dependency));
    else content.dependencies.set(dependencyKey(dependency), dependency);
  }

  if (fields.board && fields.board.version >= (content.board?.version ?? 0)) content.board = fields.board;
}

/** Removes a task with its dependencies. */
export function removeTask(content: Content, taskId: string): void {
  content.tasks.delete(taskId);
  for (const [key, { task_id, depends_on }] of content.dependencies) {
    if (task_id === taskId || depends_on === taskId) content.dependencies.delete(key);
  }
}

function putUnlessOlder<Entity extends { version: number }>(all: Map<string, Entity>, id: string, entity: Entity): void {
  const known = all.get(id);
  if (known === undefined || entity.version >= known.version) all.set(id, entity);
}
