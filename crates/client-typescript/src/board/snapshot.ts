/** A board as it is shown: the confirmed content with the changes of this client on top. Immutable. */
import type { BoardwireError } from "../error.js";
import type { Board, Column, Dependency, Member, Task } from "../protocol.js";
import type { PresentUser, Typist } from "./presence.js";
import type { Content } from "./content.js";
import type { Edit } from "./edit.js";
import { inOrder } from "./optimistic.js";
import { compare } from "./position.js";
import type { ReplicaState } from "./replica.js";

export interface BoardSnapshot {
  /** `loading`; `live`; `stale` while there is no connection; `refused`: the server does not show it, see `error`. */
  readonly state: ReplicaState;
  readonly error: BoardwireError | undefined;
  /** The `seq` of the last confirmed change, and the epoch of its log. */
  readonly seq: number;
  readonly epoch: string;
  readonly board: Board | undefined;
  /** In order. */
  readonly columns: readonly Column[];
  readonly tasks: ReadonlyMap<string, Task>;
  /** By column, in order. Every column has a list. A list that did not change is the same as before. */
  readonly tasksByColumn: ReadonlyMap<string, readonly Task[]>;
  /** In order of user id. */
  readonly members: readonly Member[];
  readonly dependencies: readonly Dependency[];
  /** The users who view the board. */
  readonly viewers: readonly PresentUser[];
  /** The users who are typing. */
  readonly typing: readonly Typist[];
  /** How many changes of this client are not confirmed, including edits that are not sent yet. */
  readonly unconfirmed: number;
  /** Edits of fields that somebody else has changed meanwhile, so that the user has to decide. */
  readonly conflicts: readonly Edit[];
}

/** The snapshot of a board that is not loaded yet. */
export const EMPTY_SNAPSHOT: BoardSnapshot = Object.freeze({
  state: "loading",
  error: undefined,
  seq: 0,
  epoch: "",
  board: undefined,
  columns: [],
  tasks: new Map<string, Task>(),
  tasksByColumn: new Map<string, readonly Task[]>(),
  members: [],
  dependencies: [],
  viewers: [],
  typing: [],
  unconfirmed: 0,
  conflicts: [],
});

/** Returns the parts of a snapshot that come from the content. What has not changed stays the same object. */
export function contentParts(content: Content, last: BoardSnapshot) {
  const columns = inOrder(content.columns.values());
  const lists = new Map<string, Task[]>(columns.map(({ id }) => [id, []]));
  for (const task of content.tasks.values()) lists.get(task.column_id)?.push(task);
  const tasksByColumn = new Map<string, readonly Task[]>();
  for (const [id, tasks] of lists) tasksByColumn.set(id, reuseIfEqual(last.tasksByColumn.get(id), inOrder(tasks)));
  const members = [...content.members.values()].sort((one, other) => compare(one.user_id, other.user_id));
  return {
    board: content.board,
    columns: reuseIfEqual(last.columns, columns),
    tasks: new Map(content.tasks) as ReadonlyMap<string, Task>,
    tasksByColumn: tasksByColumn as ReadonlyMap<string, readonly Task[]>,
    members: reuseIfEqual(last.members, members),
    dependencies: reuseIfEqual(last.dependencies, [...content.dependencies.values()]),
  };
}

function reuseIfEqual<Item>(last: readonly Item[] | undefined, now: readonly Item[]): readonly Item[] {
  return last?.length === now.length && now.every((item, at) => item === last[at]) ? last : now;
}
