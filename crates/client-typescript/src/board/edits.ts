/** The fields of a board's tasks that are being written, and what is shown of them. */
import type { Content } from "./content.js";
import { Edit, type EditDraft, type EditHost, type EditTimes, type Resolve, type TaskField, type TaskUpdates } from "./edit.js";
import { foresee, type Author } from "./optimistic.js";

/** How edits are sent. */
export interface EditOptions extends EditTimes {
  /** What is saved where two have changed the same field. By default texts are put together, and all else is the user's to decide. */
  readonly resolve: Resolve;
}

export class Edits {
  readonly #host: EditHost;
  readonly #edits = new Map<string, Edit>();

  constructor(host: EditHost) {
    this.#host = host;
  }

  /** How many values are shown that are not saved yet. */
  get size(): number {
    return [...this.#edits.values()].filter(({ state }) => state === "unsaved").length;
  }

  /** Those that the user has to decide about. */
  get conflicts(): readonly Edit[] {
    return [...this.#edits.values()].filter(({ state }) => state === "conflict");
  }

  /** A field that somebody begins to write, from a draft if there is one; to be released by whoever holds it. */
  hold<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    const edit = this.#of(taskId, field, draft);
    edit.holders += 1;
    return edit;
  }

  /** Sends what was written. The edit ends once it is saved or refused, and nobody else holds it. */
  async release(edit: Edit): Promise<void> {
    edit.holders -= 1;
    await edit.save();
    this.#tidy(edit);
  }

  /** A new value, in place of an earlier one of the same field. */
  set<Field extends TaskField>(taskId: string, field: Field, value: TaskUpdates[Field]): void {
    this.#of(taskId, field).write(value);
  }

  /** Sends what waits, of one task or of all; done when it is saved, refused, or to be decided. */
  async flush(taskId?: string): Promise<void> {
    const chosen = [...this.#edits.values()].filter((edit) => taskId === undefined || edit.taskId === taskId);
    await Promise.all(chosen.map((edit) => edit.save()));
  }

  /** The confirmed copy has changed. */
  look(): void {
    for (const edit of this.#edits.values()) edit.look();
  }

  /** Puts what is not saved yet on a content. */
  apply(content: Content, author: Author): void {
    for (const { taskId, field, shown } of this.#edits.values()) {
      if (shown !== undefined) foresee(content, "task:update", { taskId, updates: { [field]: shown } }, author);
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (const edit of this.#edits.values()) edit.stop();
    this.#edits.clear();
  }

  #of<Field extends TaskField>(taskId: string, field: Field, draft?: EditDraft): Edit<Field> {
    const key = keyOf(taskId, field);
    const known = this.#edits.get(key);
    if (known) return known as unknown as Edit<Field>;
    const edit: Edit<Field> = new Edit(taskId, field, this.#host, draft);
    this.#edits.set(key, edit);
    edit.onChange(() => this.#tidy(edit));
    return edit;
  }

  /** An edit ends when there is nothing more to it. */
  #tidy(edit: Edit): void {
    const key = keyOf(edit.taskId, edit.field);
    const isOver = edit.state === "saved" || edit.state === "refused";
    if (isOver && edit.holders === 0 && this.#edits.get(key) === edit) this.#edits.delete(key);
  }
}

function keyOf(taskId: string, field: TaskField): string {
  return `${field} ${taskId}`;
}
