/**
 * One field of a task that is being written: one's own copy of it, which nobody else changes. What others make of the field
 * meanwhile is put together with it on the way to the server; where that can't be done, both stay until the user has decided.
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

/** A field that two have changed since both of them saw it as `base`. */
export interface Clash {
  readonly taskId: string;
  readonly field: TaskField;
  readonly base: TaskValue;
  readonly mine: TaskValue;
  readonly theirs: TaskValue;
}

/** What to save in place of the two; nothing: the user is to decide. */
export type Resolve = (clash: Clash) => TaskValue;

/**
 * `saved`: nothing of it is only here; `unsaved`: it is on its way, or waits for the connection, or, where there is an `error`,
 * for the next attempt; `conflict`: somebody has changed the same, and nothing is sent until it is decided; `refused`: the server
 * does not take it.
 */
export type EditState = "saved" | "unsaved" | "conflict" | "refused";

/** What is needed to go on with an edit later. Plain data. */
export interface EditDraft {
  readonly value: TaskValue;
  /** What `value` was made from, and the version at which the field was that. */
  readonly base: TaskValue;
  readonly version: number;
}

export interface EditTimes {
  /** How long the typing rests before the value is sent, in milliseconds. */
  readonly restMs: number;
  /** How long a value waits at most while the typing goes on, in milliseconds. */
  readonly longestMs: number;
}

/** What an edit needs of its board. */
export interface EditHost extends EditTimes {
  readonly resolve: Resolve;
  /** The task as the server has it, as far as is known; and as the user sees it, with changes that are not confirmed. */
  confirmed(taskId: string): Task | undefined;
  shown(taskId: string): Task | undefined;
  /** Sends the update that `compose` makes when its turn has come. */
  save(compose: () => Payload<"task:update">): Promise<Task>;
  changed(): void;
  readonly report: (error: unknown) => void;
}

export class Edit<Field extends TaskField = TaskField> {
  readonly taskId: string;
  readonly field: Field;
  /** Tells that the state or what is in conflict has changed. */
  readonly onChange: (listener: () => void) => Unsubscribe;
  /** How many look at it. One that nobody looks at ends when it is saved. */
  holders = 0;
  readonly #host: EditHost;
  readonly #listeners: Listeners<[]>;
  /** What the user has written. */
  #mine: TaskValue;
  /** What that was made from: the field as it was first seen, then what was written when it was last saved. */
  #base: TaskValue;
  /** The field as it was first seen, or as it was decided. */
  #first: TaskValue;
  /** What the server has, as far as is known, and the version at which it had it. */
  #theirs: TaskValue;
  #version: number;
  /** What was sent without an answer: it may have been saved. */
  #sent: { mine: TaskValue; value: TaskValue }[] = [];
  #isConflict = false;
  #error: BoardwireError | undefined;
  /** Why it is not saved yet: a fault of the server, after which it is tried again. */
  #fault: BoardwireError | undefined;
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 20_000 });
  #saving: Promise<void> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #longest: ReturnType<typeof setTimeout> | undefined;
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
    if (this.state === "unsaved") this.#rest = setTimeout(() => void this.save(), host.restMs);
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

  /** On a conflict: what the field is now. */
  get theirs(): TaskUpdates[Field] | undefined {
    return this.#isConflict ? (this.#theirs as TaskUpdates[Field]) : undefined;
  }

  /** On a conflict of texts: one text with all that either wrote, line by line, for the user to go on from. */
  get both(): string | undefined {
    const [first, mine, theirs] = [this.#first, this.#mine, this.theirs];
    const areTexts = typeof first === "string" && typeof mine === "string" && typeof theirs === "string";
    return areTexts ? mergeAll(first, mine, theirs) : undefined;
  }

  /** Why the server does not take what was written; while it is `unsaved`, the fault after which it is tried again. */
  get error(): BoardwireError | undefined {
    return this.#error ?? (this.state === "unsaved" ? this.#fault : undefined);
  }

  /** What would be lost with this client; nothing once it is saved. */
  get draft(): EditDraft | undefined {
    if (this.state === "saved") return undefined;
    return { value: this.#mine, base: this.#base, version: this.#version };
  }

  /** What is to be shown of it on the board: nothing where that is what the server has. */
  get shown(): TaskValue {
    return this.state !== "unsaved" || isSame(this.#mine, this.#base) ? undefined : (this.#outgoing() ?? this.#mine);
  }

  /** The user has written something. Sent when the typing rests, unless there is something to be decided. */
  write(value: TaskUpdates[Field]): void {
    this.#mine = value;
    this.#error = undefined;
    clearTimeout(this.#rest);
    if (!this.#isConflict) {
      this.#rest = setTimeout(() => void this.save(), this.#host.restMs);
      this.#longest ??= setTimeout(() => void this.save(), this.#host.longestMs);
    }
    this.#tell();
  }

  /** The user has seen what the others wrote, and says what the field is to be: sent at once. */
  decide(value: TaskUpdates[Field]): Promise<void> {
    this.#base = this.#first = this.#theirs;
    this.#isConflict = false;
    this.write(value);
    return this.save();
  }

  /** Goes on from a draft with the field as it is now, such as to take a decision back. */
  resume({ value, base, version }: EditDraft): void {
    this.stop();
    this.#mine = value;
    this.#base = this.#first = this.#theirs = base;
    this.#version = version;
    this.#isConflict = false;
    this.#error = undefined;
    const confirmed = this.#host.confirmed(this.taskId);
    if (confirmed) this.#take(confirmed);
    this.#tell();
  }

  /** Where nothing was written, begins anew with the field as it is now. For who shows the field as it becomes. */
  follow(): void {
    const isUntouched = this.state === "saved" && isSame(this.#mine, this.#first);
    if (!isUntouched || isSame(this.#mine, this.#theirs)) return;
    this.#mine = this.#base = this.#first = this.#theirs;
    this.#tell();
  }

  /**
   * Sends what waits, one at a time: what is written meanwhile goes next. Done when it is saved, refused, to be decided, or, after
   * a fault of the server that does not pass, to be tried again later by itself.
   */
  save(): Promise<void> {
    this.stop();
    if (this.state === "unsaved" && this.#saving === undefined) {
      this.#saving = this.#saveAll().finally(() => {
        this.#saving = undefined;
        this.look();
        this.#tell();
      });
    }
    return this.#saving ?? Promise.resolve();
  }

  /** The confirmed copy of the board has changed. */
  look(): void {
    const task = this.#host.confirmed(this.taskId);
    // What one has sent oneself is not to be taken for somebody else's before it is answered.
    if (task && this.#saving === undefined && task.version > this.#version) this.#take(task);
  }

  /** Ends the timers. */
  stop(): void {
    clearTimeout(this.#rest);
    clearTimeout(this.#longest);
    clearTimeout(this.#retry);
    this.#rest = this.#longest = this.#retry = undefined;
  }

  async #saveAll(): Promise<void> {
    while (!this.#isConflict && !isSame(this.#mine, this.#base)) {
      const merged = isSame(this.#base, this.#theirs) ? undefined : { mine: this.#mine, value: this.#outgoing() };
      if (merged && merged.value === undefined) return this.#clash();
      const compose = (): Payload<"task:update"> => {
        this.stop();
        const sent = merged ?? { mine: this.#mine, value: this.#mine };
        this.#sent.push(sent);
        return { taskId: this.taskId, updates: { [this.field]: sent.value }, expectedVersion: this.#version };
      };
      try {
        const task = await this.#host.save(compose);
        this.#settle(task);
      } catch (error) {
        const { current } = conflictOf<Task>(error) ?? {};
        if (current) this.#take(current);
        else return this.#fail(error as BoardwireError);
      }
      this.#recover();
    }
  }

  /** It is saved. */
  #settle(task: Task): void {
    this.#base = this.#sent.at(-1)?.mine ?? this.#base;
    this.#sent = [];
    this.#theirs = valueOf(task, this.field);
    this.#version = task.version;
  }

  /** The field as somebody else has left it, or oneself without hearing of it. */
  #take(task: Task): void {
    const now = valueOf(task, this.field);
    const isNew = !isSame(now, this.#theirs);
    this.#theirs = now;
    this.#version = task.version;
    if (!isNew) return;
    const sent = this.#sent.find(({ value }) => isSame(now, value));
    if (sent) {
      this.#base = sent.mine;
      this.#sent = [];
      this.#recover();
    } else if (isSame(now, this.#mine)) {
      this.#base = this.#mine;
      this.#isConflict = false;
    } else if (this.#isReplaced(now) || this.#outgoing() === undefined) {
      this.#clash();
    }
    this.#tell();
  }

  /** What to save: what was written, with what the others wrote; nothing where that can't be said. */
  #outgoing(): TaskValue {
    if (isSame(this.#base, this.#theirs)) return this.#mine;
    if (isSame(this.#base, this.#mine)) return this.#theirs;
    const { taskId, field } = this;
    return this.#host.resolve({ taskId, field, base: this.#base, mine: this.#mine, theirs: this.#theirs });
  }

  /** Whether what was written and saved here has been taken out by somebody else, while the user is still at it. */
  #isReplaced(now: TaskValue): boolean {
    const [first, saved] = [this.#first, this.#base];
    return typeof first === "string" && typeof saved === "string" && typeof now === "string" && isUndone(first, saved, now);
  }

  #clash(): void {
    this.stop();
    this.#isConflict = true;
  }

  #fail(error: BoardwireError): void {
    if (isFault(error)) {
      this.stop();
      this.#fault = error;
      this.#retry = setTimeout(() => void this.save(), this.#backoff.next());
      return;
    }
    // Where nothing was decided it is kept for the next connection.
    if (error.undecided) return;
    this.#recover();
    this.#sent = [];
    this.#error = error;
  }

  /** The server has answered again. */
  #recover(): void {
    this.#fault = undefined;
    this.#backoff.reset();
  }

  #tell(): void {
    this.#host.changed();
    this.#listeners.tell();
  }
}

/** Texts are put together where that can be done; of anything else there is only the one or the other. */
export function mergeTexts({ base, mine, theirs }: Clash): TaskValue {
  const areTexts = typeof base === "string" && typeof mine === "string" && typeof theirs === "string";
  return areTexts ? merge(base, mine, theirs) : undefined;
}

/** Whether an edit goes on by itself after this: it sees to a conflict, and tries again after a fault of the server. */
export function goesOn(error: unknown): boolean {
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
