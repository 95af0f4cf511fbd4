/**
 * Values of a task's fields that are being typed. They are shown at once and sent when the typing rests, a later value in
 * place of an earlier one; what could not be sent waits for the next connection.
 */
import { conflictOf, type BoardwireError } from "../error.js";
import type { Payload } from "../queue.js";
import type { Task } from "../protocol.js";
import type { Content } from "./content.js";
import { foresee, type Author } from "./optimistic.js";

/** The fields of a task that can be set. */
export type TaskUpdates = Payload<"task:update">["updates"];
export type TaskField = keyof TaskUpdates;

/**
 * Decides what to save when somebody else has changed the same field meanwhile: what one has typed, theirs, or both.
 * Nothing: theirs stays.
 */
export type Resolve = (mine: TaskUpdates, current: Task, fields: readonly string[]) => TaskUpdates | undefined | Promise<TaskUpdates | undefined>;

export interface EditOptions {
  /** How long the typing rests before the value is sent, in milliseconds. */
  restMs: number;
  /** How long a value waits at most while the typing goes on, in milliseconds. */
  longestMs: number;
  resolve: Resolve;
}

/** The board that the edits are of. */
export interface Edited {
  version(taskId: string): number | undefined;
  /** Sends the update that `compose` makes when its turn has come. Who listens for refusals hears of them. */
  save(compose: () => Payload<"task:update">): Promise<Task>;
  changed(): void;
}

interface Edit {
  updates: TaskUpdates;
  /** The version that was seen when the first of these values was typed. */
  base: number | undefined;
  rest: ReturnType<typeof setTimeout> | undefined;
  longest: ReturnType<typeof setTimeout> | undefined;
  saving: Promise<void> | undefined;
}

export class Edits {
  readonly #options: EditOptions;
  readonly #board: Edited;
  readonly #edits = new Map<string, Edit>();

  constructor(options: EditOptions, board: Edited) {
    this.#options = options;
    this.#board = board;
  }

  /** How many tasks have values that are not sent yet. */
  get size(): number {
    return [...this.#edits.values()].filter(isDirty).length;
  }

  /** A new value, in place of an earlier one of the same field. */
  set<Field extends TaskField>(taskId: string, field: Field, value: TaskUpdates[Field]): void {
    const edit = this.#edits.get(taskId) ?? { updates: {}, base: undefined, rest: undefined, longest: undefined, saving: undefined };
    this.#edits.set(taskId, edit);
    if (!isDirty(edit)) edit.base = this.#board.version(taskId);
    edit.updates = { ...edit.updates, [field]: value };
    clearTimeout(edit.rest);
    edit.rest = setTimeout(() => void this.#save(taskId, edit), this.#options.restMs);
    edit.longest ??= setTimeout(() => void this.#save(taskId, edit), this.#options.longestMs);
    this.#board.changed();
  }

  /** Sends what waits, of one task or of all; done when it is saved, refused, or has to wait for a connection. */
  async flush(taskId?: string): Promise<void> {
    const chosen = [...this.#edits].filter(([id]) => taskId === undefined || id === taskId);
    await Promise.all(chosen.map(([id, edit]) => this.#save(id, edit)));
  }

  /** Puts what is not sent yet on a content. */
  apply(content: Content, author: Author): void {
    for (const [taskId, edit] of this.#edits) {
      if (isDirty(edit)) foresee(content, "task:update", { taskId, updates: edit.updates }, author);
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (const edit of this.#edits.values()) stopTimers(edit);
    this.#edits.clear();
  }

  /** One at a time for each task: what is typed meanwhile goes with the next. */
  #save(taskId: string, edit: Edit): Promise<void> {
    stopTimers(edit);
    edit.saving ??= this.#saveAll(taskId, edit).finally(() => {
      edit.saving = undefined;
      if (!isDirty(edit) && this.#edits.get(taskId) === edit) this.#edits.delete(taskId);
    });
    return edit.saving;
  }

  async #saveAll(taskId: string, edit: Edit): Promise<void> {
    while (isDirty(edit) && this.#edits.get(taskId) === edit) {
      const payload: Payload<"task:update"> = { taskId, updates: {} };
      const compose = () => {
        stopTimers(edit);
        payload.updates = edit.updates;
        if (edit.base !== undefined) payload.expectedVersion = edit.base;
        edit.updates = {};
        return payload;
      };
      try {
        const { version } = await this.#board.save(compose);
        // What one has saved oneself is no conflict.
        edit.base = Math.max(edit.base ?? 0, version);
      } catch (error) {
        if (!(await this.#mend(edit, payload, error as BoardwireError))) return;
      }
    }
  }

  /** After a refusal: returns whether to try again at once. */
  async #mend(edit: Edit, payload: Payload<"task:update">, error: BoardwireError): Promise<boolean> {
    const conflict = conflictOf<Task>(error);
    if (conflict?.current) {
      const { current, fields = [] } = conflict;
      const resolved = (await this.#options.resolve(payload.updates, current, fields)) ?? {};
      edit.updates = { ...resolved, ...edit.updates };
      edit.base = current.version;
      this.#board.changed();
      return true;
    }
    if (!error.undecided) return true;
    // It is kept for the next connection; what was typed since counts.
    edit.updates = { ...payload.updates, ...edit.updates };
    this.#board.changed();
    return false;
  }
}

function isDirty({ updates }: Edit): boolean {
  return Object.keys(updates).length > 0;
}

function stopTimers(edit: Edit): void {
  clearTimeout(edit.rest);
  clearTimeout(edit.longest);
  edit.rest = edit.longest = undefined;
}
