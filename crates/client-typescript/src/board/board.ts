/** A live board as its users see it: what is shown, the ways to hear of changes, and the ways to make them. */
import { newId } from "../id.js";
import type { Unsubscribe } from "../listeners.js";
import type { CommandName, Task, ViewerStatus } from "../protocol.js";
import type { Payload, Result, SendOptions } from "../queue.js";
import type { Refusal } from "./changes.js";
import type { Edit, EditDraft, TaskField, TaskUpdates } from "./edit.js";
import type { BoardEngine } from "./engine.js";
import type { Change } from "./replica.js";
import type { BoardSnapshot } from "./snapshot.js";

/** A store in the sense of React's `useSyncExternalStore`, opened by `client.openBoard`. */
export class BoardStore {
  readonly id: string;
  readonly #engine: BoardEngine;
  readonly #close: () => Promise<void>;

  constructor(engine: BoardEngine, close: () => Promise<void>) {
    this.id = engine.id;
    this.#engine = engine;
    this.#close = close;
  }

  /** The board as it is shown. The same object until something changes. */
  readonly getSnapshot = (): BoardSnapshot => this.#engine.snapshot();

  /** Tells that something has changed, of several changes at once. */
  readonly subscribe = (listener: () => void): Unsubscribe => this.#engine.onShown.add(listener);

  /** Tells of each confirmed change in the order of `seq`, others' and one's own. */
  onChange(listener: (change: Change) => void): Unsubscribe {
    return this.#engine.onChange.add(listener);
  }

  /**
   * Tells that the board was loaded, at first or anew, in place of changes that can't be told one by one. What is kept beside
   * the board, such as the comments of an open task, is to be loaded again.
   */
  onReset(listener: () => void): Unsubscribe {
    return this.#engine.onReset.add(listener);
  }

  /** Tells of one's own changes that were taken back, and why. */
  onRefusal(listener: (refusal: Refusal) => void): Unsubscribe {
    return this.#engine.changes.onRefusal.add(listener);
  }

  /** Waits until the board is live. Fails when the server does not show it. */
  ready(): Promise<void> {
    const { replica, onShown } = this.#engine;
    return new Promise((resolve, reject) => {
      const look = () => {
        const { state, error } = replica;
        if (state === "live") resolve();
        else if (state === "refused" && error) reject(error);
        else return;
        stop();
      };
      const stop = onShown.add(look);
      look();
    });
  }

  /**
   * Sends a command that concerns this board. Where its effect can be foreseen it is shown at once, and taken back when it is
   * refused. Who does not look at the promise hears of that by {@link onRefusal}.
   */
  send<Name extends CommandName>(command: Name, payload: Payload<Name>, options?: SendOptions): Promise<Result<Name>> {
    return this.#engine.changes.send({ command, compose: () => payload, shown: payload }, options);
  }

  /** Adds a task at the end of a column, by default the first, or next to a neighbour. */
  createTask(task: Omit<Payload<"task:create">, "boardId">, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:create", { ...task, id: task.id ?? newId(), boardId: this.id }, options));
  }

  /**
   * Sets fields of a task, unless somebody has changed the same fields since: then it is refused with `CONFLICT`, and the
   * error's `details.current` is the task as it is. With `force` they are set in any case.
   */
  updateTask(taskId: string, updates: TaskUpdates, { force = false, ...options }: SendOptions & { force?: boolean } = {}): Promise<Task> {
    const shown = { taskId, updates };
    const compose = (base: number | undefined) => ({ ...shown, ...(base === undefined ? {} : { expectedVersion: base }) });
    const base = force ? undefined : this.#engine.replica.content.tasks.get(taskId)?.version;
    return taskOf(this.#engine.changes.send({ command: "task:update", compose, shown, taskId, base }, options));
  }

  /** Moves a task to a column and a place in it, by default the end. */
  moveTask(taskId: string, to: Omit<Payload<"task:move">, "taskId">, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:move", { ...to, taskId }, options));
  }

  /** Gives a task to a user, or to nobody. */
  assign(taskId: string, assignee: string | null, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:assign", { taskId, assignee }, options));
  }

  /** Marks a task as done and moves it to the first column for that. */
  complete(taskId: string, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:complete", { taskId }, options));
  }

  /** Deletes a task, with all that belongs to it. */
  deleteTask(taskId: string, options?: SendOptions): Promise<Result<"task:delete">> {
    return this.send("task:delete", { taskId }, options);
  }

  /**
   * A field that is being typed: shown at once, sent when the typing rests. If somebody else has changed it meanwhile, both are
   * put together; where that can't be done it is among the snapshot's `conflicts` until it is decided.
   */
  edit<Field extends TaskField>(taskId: string, field: Field, value: TaskUpdates[Field]): void {
    this.#engine.edits.set(taskId, field, value);
  }

  /**
   * A field that somebody begins to write, or goes on with from a draft: as it is now is what the text is made from, however
   * long it takes until the first key. To be ended by {@link endEdit}.
   */
  startEdit<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    return this.#engine.edits.hold(taskId, field, draft);
  }

  /** Nobody writes there any more. Sends what waits; what is to be decided stays. */
  endEdit<Field extends TaskField>(edit: Edit<Field>): Promise<void> {
    return this.#engine.edits.release(edit);
  }

  /** Sends what has been typed without waiting: on blur, and before the page is left. Without a connection it waits for none. */
  flush(taskId?: string): Promise<void> {
    return this.#engine.flush(taskId);
  }

  /** To be called at each key that is pressed in a field of the task, or of the board. */
  typing(taskId?: string): void {
    this.#engine.keystrokes.pressed(taskId);
  }

  /** To be called on blur and after sending. By itself it happens after a few seconds. */
  stopTyping(): void {
    this.#engine.keystrokes.stop();
  }

  /** Shows to others which task is open, or none, and whether one is there. */
  look(taskId?: string, status: ViewerStatus = "online"): void {
    this.#engine.feed.look(status, taskId);
  }

  /** To be called as often as the board was opened. The last time, what has been typed is sent before it closes. */
  close(): Promise<void> {
    return this.#close();
  }
}

/** The promise stays the caller's to look at or not. */
function taskOf(outcome: Promise<{ task: Task }>): Promise<Task> {
  const task = outcome.then(({ task }) => task);
  task.catch(() => {});
  return task;
}
