/** What is on a board, and how an event changes it. */
import type { Board, Column, Commands, Dependency, Member, Task } from "../protocol.js";

/** Everything on a board, by id. */
export interface Content {
  board: Board | undefined;
  columns: Map<string, Column>;
  tasks: Map<string, Task>;
  members: Map<string, Member>;
  /** By {@link link}. */
  dependencies: Map<string, Dependency>;
}

/** The entities that events and replies carry. */
interface Carried {
  board?: Board;
  column?: Column;
  columns?: Column[];
  /** `null` where a command found none. */
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

/** The key of a dependency. */
export function link({ task_id, type, depends_on }: Pick<Dependency, "task_id" | "type" | "depends_on">): string {
  return `${task_id} ${type} ${depends_on}`;
}

export function nothing(): Content {
  return { board: undefined, columns: new Map(), tasks: new Map(), members: new Map(), dependencies: new Map() };
}

/** What the first page of a `board:get` shows beside its tasks. */
export function beginning({ board, columns, members }: Commands["board:get"]["result"]): Content {
  return {
    ...nothing(),
    board,
    columns: new Map(columns.map((column) => [column.id, column])),
    members: new Map(members.map((member) => [member.user_id, member])),
  };
}

/** Adds the tasks of a page, and what they depend on. */
export function addPage(content: Content, { tasks, dependencies }: Commands["board:get"]["result"]): void {
  for (const task of tasks) put(content.tasks, task.id, task);
  for (const dependency of dependencies) content.dependencies.set(link(dependency), dependency);
}

/** A copy that can be changed without the original. */
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
 * Applies an event, or the reply that reports the same change, by what it carries: whole entities replace the old ones, and a type
 * that ends in `delete`, `deleted`, `remove` or `removed` removes what it names. So events that this client does not know are
 * applied as well.
 */
export function apply(content: Content, type: string, data: unknown): void {
  const carried = (data ?? {}) as Carried;
  const [verb = "", noun = ""] = type.split(":").reverse();
  const removed = /^(delete|remove)d?$/.test(verb) ? noun : undefined;
  const some = <Entity>(one: Entity | null | undefined, many: Entity[] | undefined) => many ?? (one == null ? [] : [one]);

  if (removed === "task" && carried.taskId !== undefined) removeTask(content, carried.taskId);
  else for (const task of some(carried.task, carried.tasks)) put(content.tasks, task.id, task);

  if (removed === "column" && carried.columnId !== undefined) content.columns.delete(carried.columnId);
  else for (const column of some(carried.column, carried.columns)) put(content.columns, column.id, column);

  if (removed === "member" && carried.userId !== undefined) content.members.delete(carried.userId);
  else for (const member of some(carried.member, carried.members)) content.members.set(member.user_id, member);

  for (const dependency of some(carried.dependency, carried.dependencies)) {
    if (removed === "dependency") content.dependencies.delete(link(dependency));
    else content.dependencies.set(link(dependency), dependency);
  }

  if (carried.board && carried.board.version >= (content.board?.version ?? 0)) content.board = carried.board;
}

/** Removes a task with its dependencies. */
export function removeTask(content: Content, taskId: string): void {
  content.tasks.delete(taskId);
  for (const [key, { task_id, depends_on }] of content.dependencies) {
    if (task_id === taskId || depends_on === taskId) content.dependencies.delete(key);
  }
}

function put<Entity extends { version: number }>(all: Map<string, Entity>, id: string, entity: Entity): void {
  const known = all.get(id);
  if (known === undefined || entity.version >= known.version) all.set(id, entity);
}
