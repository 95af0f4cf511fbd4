/** The public interface of a live board: its snapshot, notifications of changes, and methods that change it. */
import { newId } from "../id.js";
import type { Unsubscribe } from "../listeners.js";
import type { CommandName, Task, ViewerStatus } from "../protocol.js";
import type { Payload, Result, SendOptions } from "../queue.js";
import type { Refusal } from "./pendingMutations.js";
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

  /** Returns the board as it is shown: the same object until something changes. */
  readonly getSnapshot = (): BoardSnapshot => this.#engine.snapshot();

  /** Calls the listener when the snapshot has changed, once for several changes at a time. */
  readonly subscribe = (listener: () => void): Unsubscribe => this.#engine.onSnapshotChange.add(listener);

  /** Calls the listener with each confirmed change in the order of `seq`, of this client and of others. */
  onChange(listener: (change: Change) => void): Unsubscribe {
    return this.#engine.onChange.add(listener);
  }

  /**
   * Calls the listener when the whole board was loaded, for the first time or instead of single changes. Then reload what is not
   * in the snapshot, such as the comments of an open task.
   */
  onReset(listener: () => void): Unsubscribe {
    return this.#engine.onReset.add(listener);
  }

  /** Calls the listener with each change of this client that was taken back, and why. */
  onRefusal(listener: (refusal: Refusal) => void): Unsubscribe {
    return this.#engine.mutations.onRefusal.add(listener);
  }

  /** Waits until the board is live. Fails when the server refuses to show it. */
  ready(): Promise<void> {
    const { replica, onSnapshotChange } = this.#engine;
    return new Promise((resolve, reject) => {
      const settleIfKnown = () => {
        const { state, error } = replica;
        if (state === "live") resolve();
        else if (state === "refused" && error) reject(error);
        else return;
        stop();
      };
      const stop = onSnapshotChange.add(settleIfKnown);
      settleIfKnown();
    });
  }

  /**
   * Sends a command that concerns this board. Where its effect is known in advance, the effect is shown at once, and taken
   * back when the command is refused, which {@link onRefusal} reports too.
   */
  send<Name extends CommandName>(command: Name, payload: Payload<Name>, options?: SendOptions): Promise<Result<Name>> {
    return this.#engine.mutations.send({ command, compose: () => payload, shown: payload }, options);
  }

  /** Creates a task in a column (by default the first), at the end or next to a neighbour. */
  createTask(task: Omit<Payload<"task:create">, "boardId">, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:create", { ...task, id: task.id ?? newId(), boardId: this.id }, options));
  }

  /**
   * Sets fields of a task. If somebody else has changed the same fields meanwhile, this is refused with `CONFLICT`, and the
   * error's `details.current` is the current task. With `force` the fields are set in any case.
   */
  updateTask(taskId: string, updates: TaskUpdates, { force = false, ...options }: SendOptions & { force?: boolean } = {}): Promise<Task> {
    const shown = { taskId, updates };
    const compose = (expectedVersion: number | undefined) => ({ ...shown, ...(expectedVersion === undefined ? {} : { expectedVersion }) });
    const baseVersion = force ? undefined : this.#engine.replica.content.tasks.get(taskId)?.version;
    return taskOf(this.#engine.mutations.send({ command: "task:update", compose, shown, taskId, baseVersion }, options));
  }

  /** Moves a task to a column and a place in it, by default the end. */
  moveTask(taskId: string, to: Omit<Payload<"task:move">, "taskId">, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:move", { ...to, taskId }, options));
  }

  /** Assigns a task to a user, or to nobody. */
  assign(taskId: string, assignee: string | null, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:assign", { taskId, assignee }, options));
  }

  /** Marks a task as done, and moves it to the first column whose status is `done`. */
  complete(taskId: string, options?: SendOptions): Promise<Task> {
    return taskOf(this.send("task:complete", { taskId }, options));
  }

  /** Deletes a task with its comments, attachments and dependencies. */
  deleteTask(taskId: string, options?: SendOptions): Promise<Result<"task:delete">> {
    return this.send("task:delete", { taskId }, options);
  }

  /**
   * Sets a field that is being typed: shown at once, sent once nothing is typed for a moment. Changes by others are merged; where
   * that can't be done the field is among the snapshot's `conflicts` until the user decides.
   */
  edit<Field extends TaskField>(taskId: string, field: Field, value: TaskUpdates[Field]): void {
    this.#engine.edits.set(taskId, field, value);
  }

  /**
   * Starts an edit of a field, or continues one from a draft. The edit is based on the field as it is now, however long it takes
   * until the first key. {@link endEdit} ends it.
   */
  startEdit<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    return this.#engine.edits.hold(taskId, field, draft);
  }

  /** Ends an edit and sends what waits. A conflict stays until it is decided. */
  endEdit<Field extends TaskField>(edit: Edit<Field>): Promise<void> {
    return this.#engine.edits.release(edit);
  }

  /** Sends at once what has been typed. Call it on blur, and before the page is left. Does not wait for a connection. */
  flush(taskId?: string): Promise<void> {
    return this.#engine.flush(taskId);
  }

  /** Tells others that the user is typing. Call it at each key press in a field of a task or of the board. */
  typing(taskId?: string): void {
    this.#engine.keystrokes.pressed(taskId);
  }

  /** Tells others that the user has stopped typing. Call it on blur and after sending; else they are told after a few seconds. */
  stopTyping(): void {
    this.#engine.keystrokes.stop();
  }

  /** Tells others which task the user has open, if any, and whether the user is present. */
  setPresence(taskId?: string, status: ViewerStatus = "online"): void {
    this.#engine.subscription.setPresence(status, taskId);
  }

  /** @deprecated use {@link setPresence} */
  look(taskId?: string, status?: ViewerStatus): void {
    this.setPresence(taskId, status);
  }

  /** Closes the board. Call it as often as the board was opened. The last call first sends what has been typed. */
  close(): Promise<void> {
    return this.#close();
  }
}

/** Returns the task of a reply. A caller that ignores the promise causes no unhandled rejection. */
function taskOf(outcome: Promise<{ task: Task }>): Promise<Task> {
  const task = outcome.then(({ task }) => task);
  task.catch(() => {});
  return task;
}
