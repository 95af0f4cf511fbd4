/**
 * One field of a task while it is edited: the user's own copy, which nobody else changes. Changes by others are merged with it
 * before it is sent; if that is not possible, both versions stay until the user decides.
 */
import { Backoff } from "../backoff.js";
import { BoardwireError, conflictOf } from "../error.js";
import { Listeners, type Unsubscribe } from "../listeners.js";
import type { Task } from "../protocol.js";
import type { Payload } from "../queue.js";
import { isUndone, merge, mergeAll } from "./merge.js";

/** The fields of a task that can be set. */
export type TaskUpdates = Payload<"task:update">["updates"];
export type TaskField = keyof TaskUpdates;
export type TaskValue = TaskUpdates[TaskField];

/** A field that two users have changed since it was `base`. */
export interface EditConflict {
  readonly taskId: string;
  readonly field: TaskField;
  readonly base: TaskValue;
  readonly mine: TaskValue;
  readonly theirs: TaskValue;
}

/** @deprecated use {@link EditConflict} */
export type Clash = EditConflict;

/** Returns the value to save instead of the two; `undefined` if the user has to decide. */
export type Resolve = (conflict: EditConflict) => TaskValue;

/**
 * `saved`: the server has the value; `unsaved`: it is being sent, or waits for the connection or, if there is an `error`, for the
 * next attempt; `conflict`: somebody else has changed the same text, and nothing is sent until the user decides; `refused`: the
 * server does not accept it.
 */
export type EditState = "saved" | "unsaved" | "conflict" | "refused";

/** What is needed to continue an edit later. Plain data. */
export interface EditDraft {
  readonly value: TaskValue;
  /** The value that `value` was made from, and the version of the task that had it. */
  readonly base: TaskValue;
  readonly version: number;
}

export interface EditTimes {
  /** How long nothing is typed before the value is sent, in milliseconds. */
  readonly debounceMs: number;
  /** How long a value waits at most while the user types on, in milliseconds. */
  readonly maxWaitMs: number;
}

/** What an edit needs of its board. */
export interface EditHost extends EditTimes {
  readonly resolve: Resolve;
  /** Returns the task as last confirmed by the server. */
  confirmed(taskId: string): Task | undefined;
  /** Returns the task as the user sees it, with changes that are not confirmed. */
  shown(taskId: string): Task | undefined;
  /** Sends the update, which `compose` makes right before it is sent. */
  save(compose: () => Payload<"task:update">): Promise<Task>;
  changed(): void;
  readonly report: (error: unknown) => void;
}

export class Edit<Field extends TaskField = TaskField> {
  readonly taskId: string;
  readonly field: Field;
  /** Calls the listener when the state, or the other version in a conflict, has changed. */
  readonly onChange: (listener: () => void) => Unsubscribe;
  /** How many callers hold the edit. An edit that nobody holds ends when it is saved. */
  holders = 0;
  readonly #host: EditHost;
  readonly #listeners: Listeners<[]>;
  /** What the user has written. */
  #mine: TaskValue;
  /** What `#mine` was made from: the field as first seen, later as last saved. */
  #base: TaskValue;
  /** The field as first seen, or as it was before the latest decision. */
  #first: TaskValue;
  /** The latest value known to be on the server, and the version of the task that has it. */
  #theirs: TaskValue;
  #version: number;
  /** Values that were sent and have no reply: they may have been saved. */
  #sent: { mine: TaskValue; value: TaskValue }[] = [];
  #isConflict = false;
  #error: BoardwireError | undefined;
  /** The internal error of the server after which saving is tried again. */
  #fault: BoardwireError | undefined;
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 20_000 });
  #saving: Promise<void> | undefined;
  #debounce: ReturnType<typeof setTimeout> | undefined;
  #maxWait: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(taskId: string, field: Field, host: EditHost, draft?: EditDraft) {
    this.taskId = taskId;
    this.field = field;
    this.#host = host;
    this.#listeners = new Listeners(host.report);
    this.onChange = (listener) => this.#listeners.add(listener);
    const task = host.shown(taskId);
    this.#mine = this.#base = this.#first = this.#theirs = valueOf(task, field);
    this.#version = task?.version ?? 0;
    if (!draft) return;
    this.resume(draft);
    if (this.state === "unsaved") this.#debounce = setTimeout(() => void this.save(), host.debounceMs);
  }

  /** What the user has written. */
  get value(): TaskUpdates[Field] {
    return this.#mine as TaskUpdates[Field];
  }

  get state(): EditState {
    if (this.#isConflict) return "conflict";
    if (this.#error) return "refused";
    return this.#saving === undefined && isSame(this.#mine, this.#base) ? "saved" : "unsaved";
  }

  /** In a conflict: the value on the server. */
  get theirs(): TaskUpdates[Field] | undefined {
    return this.#isConflict ? (this.#theirs as TaskUpdates[Field]) : undefined;
  }

  /** In a conflict of texts: one text with the lines of both, for the user to start from. */
  get both(): string | undefined {
    const [first, mine, theirs] = [this.#first, this.#mine, this.theirs];
    const areTexts = typeof first === "string" && typeof mine === "string" && typeof theirs === "string";
    return areTexts ? mergeAll(first, mine, theirs) : undefined;
  }

  /** Why the server refuses the value; while it is `unsaved`, the error after which it is tried again. */
  get error(): BoardwireError | undefined {
    return this.#error ?? (this.state === "unsaved" ? this.#fault : undefined);
  }

  /** What would be lost if the client ended now; `undefined` once it is saved. */
  get draft(): EditDraft | undefined {
    if (this.state === "saved") return undefined;
    return { value: this.#mine, base: this.#base, version: this.#version };
  }

  /** The value to show on the board; `undefined` stands for the one on the server. */
  get shown(): TaskValue {
    return this.state !== "unsaved" || isSame(this.#mine, this.#base) ? undefined : (this.#valueToSend() ?? this.#mine);
  }

  /** Sets the value. It is sent once nothing is typed for a moment, unless there is a conflict to decide. */
  write(value: TaskUpdates[Field]): void {
    this.#mine = value;
    this.#error = undefined;
    clearTimeout(this.#debounce);
    if (!this.#isConflict) {
      this.#debounce = setTimeout(() => void this.save(), this.#host.debounceMs);
      this.#maxWait ??= setTimeout(() => void this.save(), this.#host.maxWaitMs);
    }
    this.#notify();
  }

  /** Ends a conflict with the value that the user has decided on, which is sent at once. */
  decide(value: TaskUpdates[Field]): Promise<void> {
    this.#base = this.#first = this.#theirs;
    this.#isConflict = false;
    this.write(value);
    return this.save();
  }

  /** Continues from a draft, with the field as it is now. Also takes a decision back. */
  resume({ value, base, version }: EditDraft): void {
    this.stop();
    this.#mine = value;
    this.#base = this.#first = this.#theirs = base;
    this.#version = version;
    this.#isConflict = false;
    this.#error = undefined;
    const confirmed = this.#host.confirmed(this.taskId);
    if (confirmed) this.#takeServerTask(confirmed);
    this.#notify();
  }

  /** Takes over the value on the server if the user has written nothing. For a field that shows changes by others. */
  follow(): void {
    const isUntouched = this.state === "saved" && isSame(this.#mine, this.#first);
    if (!isUntouched || isSame(this.#mine, this.#theirs)) return;
    this.#mine = this.#base = this.#first = this.#theirs;
    this.#notify();
  }

  /**
   * Sends the value if it is not saved, and values written meanwhile one after the other. Resolves when all is saved, refused or in
   * conflict, or when it will be tried again later because of an internal error of the server.
   */
  save(): Promise<void> {
    this.stop();
    if (this.state === "unsaved" && this.#saving === undefined) {
      this.#saving = this.#saveAll().finally(() => {
        this.#saving = undefined;
        this.handleConfirmed();
        this.#notify();
      });
    }
    return this.#saving ?? Promise.resolve();
  }

  /** Handles a change of the confirmed board. */
  handleConfirmed(): void {
    const task = this.#host.confirmed(this.taskId);
    // A value of this edit without a reply yet must not be mistaken for another user's.
    if (task && this.#saving === undefined && task.version > this.#version) this.#takeServerTask(task);
  }

  /** Ends the timers. */
  stop(): void {
    clearTimeout(this.#debounce);
    clearTimeout(this.#maxWait);
    clearTimeout(this.#retry);
    this.#debounce = this.#maxWait = this.#retry = undefined;
  }

  async #saveAll(): Promise<void> {
    while (!this.#isConflict && !isSame(this.#mine, this.#base)) {
      const merged = isSame(this.#base, this.#theirs) ? undefined : { mine: this.#mine, value: this.#valueToSend() };
      if (merged && merged.value === undefined) return this.#enterConflict();
      const compose = (): Payload<"task:update"> => {
        this.stop();
        const sent = merged ?? { mine: this.#mine, value: this.#mine };
        this.#sent.push(sent);
        return { taskId: this.taskId, updates: { [this.field]: sent.value }, expectedVersion: this.#version };
      };
      try {
        const task = await this.#host.save(compose);
        this.#saved(task);
      } catch (error) {
        const { current } = conflictOf<Task>(error) ?? {};
        if (current) this.#takeServerTask(current);
        else return this.#handleError(error as BoardwireError);
      }
      this.#clearFault();
    }
  }

  /** Notes that the value is saved. */
  #saved(task: Task): void {
    this.#base = this.#sent.at(-1)?.mine ?? this.#base;
    this.#sent = [];
    this.#theirs = valueOf(task, this.field);
    this.#version = task.version;
  }

  /** Takes over the field as the server has it: changed by somebody else, or by this edit if its reply was lost. */
  #takeServerTask(task: Task): void {
    const now = valueOf(task, this.field);
    const isNew = !isSame(now, this.#theirs);
    this.#theirs = now;
    this.#version = task.version;
    if (!isNew) return;
    const sent = this.#sent.find(({ value }) => isSame(now, value));
    if (sent) {
      this.#base = sent.mine;
      this.#sent = [];
      this.#clearFault();
    } else if (isSame(now, this.#mine)) {
      this.#base = this.#mine;
      this.#isConflict = false;
    } else if (this.#isReplaced(now) || this.#valueToSend() === undefined) {
      this.#enterConflict();
    }
    this.#notify();
  }

  /** Returns the value to save, merged with changes by others; `undefined` if they can't be merged. */
  #valueToSend(): TaskValue {
    if (isSame(this.#base, this.#theirs)) return this.#mine;
    if (isSame(this.#base, this.#mine)) return this.#theirs;
    const { taskId, field } = this;
    return this.#host.resolve({ taskId, field, base: this.#base, mine: this.#mine, theirs: this.#theirs });
  }

  /** Returns whether somebody else has removed text that was written and saved in this edit. */
  #isReplaced(now: TaskValue): boolean {
    const [first, saved] = [this.#first, this.#base];
    return typeof first === "string" && typeof saved === "string" && typeof now === "string" && isUndone(first, saved, now);
  }

  #enterConflict(): void {
    this.stop();
    this.#isConflict = true;
  }

  #handleError(error: BoardwireError): void {
    if (isFault(error)) {
      this.stop();
      this.#fault = error;
      this.#retry = setTimeout(() => void this.save(), this.#backoff.next());
      return;
    }
    // If the outcome is unknown, the value is kept for the next connection.
    if (error.undecided) return;
    this.#clearFault();
    this.#sent = [];
    this.#error = error;
  }

  /** Forgets the error: the server has answered again. */
  #clearFault(): void {
    this.#fault = undefined;
    this.#backoff.reset();
  }

  #notify(): void {
    this.#host.changed();
    this.#listeners.emit();
  }
}

/** Returns two texts merged; `undefined` if that is not possible, or the values are not texts. */
export function mergeTexts({ base, mine, theirs }: EditConflict): TaskValue {
  const areTexts = typeof base === "string" && typeof mine === "string" && typeof theirs === "string";
  return areTexts ? merge(base, mine, theirs) : undefined;
}

/** Returns whether an edit handles this error itself: it resolves conflicts, and retries after internal errors. */
export function isHandledByEdit(error: unknown): boolean {
  return conflictOf(error)?.current !== undefined || isFault(error);
}

function isFault(error: unknown): boolean {
  return error instanceof BoardwireError && error.code === "INTERNAL";
}

function valueOf(task: Task | undefined, field: TaskField): TaskValue {
  return task?.[field] ?? (field === "description" ? "" : null);
}

function isSame(one: TaskValue, other: TaskValue): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
