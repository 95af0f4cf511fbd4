/** The edits of a board: fields of its tasks that are being typed. */
import type { Content } from "./content.js";
import { Edit, mergeTexts, type EditDraft, type EditHost, type EditTimes, type Resolve, type TaskField, type TaskUpdates } from "./edit.js";
import { applyOptimistically, type Author } from "./optimistic.js";

/** How edits are sent. */
export interface EditOptions extends EditTimes {
  /**
   * Decides what is saved if two users have changed the same field. By default texts are merged, and the user decides on other
   * values.
   */
  readonly resolve: Resolve;
}

/** How edits are sent, as given to the client: everything is optional. */
export interface EditSettings extends Partial<EditOptions> {
  /** @deprecated use `debounceMs` */
  readonly restMs?: number;
  /** @deprecated use `maxWaitMs` */
  readonly longestMs?: number;
}

/** Returns the options for these settings. By default values are sent after 400 ms without a key, and after 2 s at the latest. */
export function editOptions({ restMs = 400, longestMs = 2_000, ...settings }: EditSettings = {}): EditOptions {
  return { debounceMs: restMs, maxWaitMs: longestMs, resolve: mergeTexts, ...settings };
}

export class Edits {
  readonly #host: EditHost;
  readonly #edits = new Map<string, Edit>();

  constructor(host: EditHost) {
    this.#host = host;
  }

  /** How many values are shown and not saved yet. */
  get size(): number {
    return [...this.#edits.values()].filter(({ state }) => state === "unsaved").length;
  }

  /** The edits in conflict, which the user has to decide on. */
  get conflicts(): readonly Edit[] {
    return [...this.#edits.values()].filter(({ state }) => state === "conflict");
  }

  /** Starts an edit, from a draft if there is one. The caller ends it with `release`. */
  hold<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    const edit = this.#getOrCreate(taskId, field, draft);
    edit.holders += 1;
    return edit;
  }

  /** Sends what was written. The edit ends once it is saved or refused and nobody else holds it. */
  async release(edit: Edit): Promise<void> {
    edit.holders -= 1;
    await edit.save();
    this.#removeIfOver(edit);
  }

  /** Sets a value, in place of an earlier one of the same field. */
  set<Field extends TaskField>(taskId: string, field: Field, value: TaskUpdates[Field]): void {
    this.#getOrCreate(taskId, field).write(value);
  }

  /** Sends what waits, of one task or of all. Resolves when all of it is saved, refused or in conflict. */
  async flush(taskId?: string): Promise<void> {
    const chosen = [...this.#edits.values()].filter((edit) => taskId === undefined || edit.taskId === taskId);
    await Promise.all(chosen.map((edit) => edit.save()));
  }

  /** Handles a change of the confirmed board. */
  handleConfirmed(): void {
    for (const edit of this.#edits.values()) edit.handleConfirmed();
  }

  /** Applies the values that are not saved yet. */
  apply(content: Content, author: Author): void {
    for (const { taskId, field, shown } of this.#edits.values()) {
      if (shown !== undefined) applyOptimistically(content, "task:update", { taskId, updates: { [field]: shown } }, author);
    }
  }

  /** Ends all edits without sending anything. */
  clear(): void {
    for (const edit of this.#edits.values()) edit.stop();
    this.#edits.clear();
  }

  #getOrCreate<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    const key = keyOf(taskId, field);
    const known = this.#edits.get(key);
    if (known) return known as unknown as Edit<Field>;
    const edit: Edit<Field> = new Edit(taskId, field, this.#host, draft);
    this.#edits.set(key, edit);
    edit.onChange(() => this.#removeIfOver(edit));
    return edit;
  }

  /** Removes an edit that is saved or refused and that nobody holds. */
  #removeIfOver(edit: Edit): void {
    const key = keyOf(edit.taskId, edit.field);
    const isOver = edit.state === "saved" || edit.state === "refused";
    if (isOver && edit.holders === 0 && this.#edits.get(key) === edit) this.#edits.delete(key);
  }
}

function keyOf(taskId: string, field: TaskField): string {
  return `${field} ${taskId}`;
}
