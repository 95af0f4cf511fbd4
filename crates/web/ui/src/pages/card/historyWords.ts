/** The events of a task as text. */
import type { AnyEnvelope, Comment, Dependency, Task, Column } from "@boardwire/client";

export interface Context {
  taskId: string;
  nameOf: (userId: string) => string;
  columns: readonly Column[];
  titleOf: (taskId: string) => string;
}

/** The fields that the data of a task's events may have. */
interface Fields {
  task?: Task;
  taskId?: string;
  comment?: Comment;
  dependency?: Dependency;
  attachment?: { filename: string; task_id: string };
  changes?: Record<string, unknown>;
  fromColumn?: string;
  toColumn?: string;
  assignee?: string | null;
  expired?: boolean;
  holder?: string;
}

/** Returns whether an event is about a task. */
export function isAboutTask({ data }: AnyEnvelope, taskId: string): boolean {
  const { task, taskId: named, comment, dependency, attachment } = (data ?? {}) as Fields;
  return [task?.id, named, comment?.task_id, attachment?.task_id, dependency?.task_id, dependency?.depends_on].includes(taskId);
}

const FIELDS: Record<string, string> = {
  title: "the title",
  description: "the description",
  tags: "the labels",
  due_date: "the due date",
  priority: "the priority",
  status: "the status",
};

/** Returns what a user did, as a phrase that follows the name. */
export function wordsOf({ type, data }: AnyEnvelope, { taskId, nameOf, columns, titleOf }: Context): string {
  const { task, comment, dependency, attachment, changes = {}, fromColumn, toColumn, assignee, expired, holder } = (data ?? {}) as Fields;
  const column = (id: string | undefined) => columns.find((one) => one.id === id)?.name ?? "a deleted column";
  switch (type) {
    case "task:updated":
      return `changed ${
        Object.keys(changes)
          .map((field) => FIELDS[field] ?? field)
          .join(", ") || "this card"
      }${newValues(changes)}`;
    case "task:moved":
      return fromColumn === toColumn ? `moved this card within ${column(toColumn)}` : `moved this card from ${column(fromColumn)} to ${column(toColumn)}`;
    case "task:assigned":
      return assignee == null ? "unassigned this card" : `assigned this card to ${nameOf(assignee)}`;
    case "task:claimed":
      return `started working on this card${task?.lease?.agent ? ` as ${task.lease.agent}` : ""}`;
    case "task:renewed":
      return "continued working on this card";
    case "task:released":
      return expired ? `released this card: ${nameOf(holder ?? "")} ran out of time` : "released this card";
    case "task:comment:added":
      return `commented: ${excerpt(comment?.body ?? "")}`;
    case "task:comment:updated":
      return `edited a comment: ${excerpt(comment?.body ?? "")}`;
    case "task:comment:deleted":
      return "deleted a comment";
    case "task:attachment:added":
      return `attached ${attachment?.filename ?? "a file"}`;
    case "task:attachment:removed":
      return "removed a file";
    case "task:dependency:added":
    case "task:dependency:removed": {
      const verb = type.endsWith("added") ? "added" : "removed";
      if (dependency === undefined) return `${verb} a dependency`;
      const { task_id, depends_on } = dependency;
      const other = `“${titleOf(task_id === taskId ? depends_on : task_id)}”`;
      const how = { blocks: ["is blocked by", "blocks"], relates_to: ["relates to", "relates to"], duplicates: ["duplicates", "is duplicated by"] }[
        dependency.type
      ];
      return `${verb} a dependency: this card ${how[task_id === taskId ? 0 : 1]} ${other}`;
    }
    default:
      return defaultWords(type);
  }
}

/**
 * Returns the phrase for any other event, made from its name, which ends in a verb: `task:completed` is "completed this card",
 * `task:cover:changed` is "changed the cover of this card".
 */
function defaultWords(type: string): string {
  const [subject, ...rest] = type.split(":");
  const verb = rest.pop();
  if (subject !== "task" || verb === undefined) return "changed this card";
  return rest.length === 0 ? `${verb} this card` : `${verb} the ${rest.join(" ")} of this card`;
}

/** Returns the text that an event wrote, if the phrase does not contain all of it. */
export function textOf({ type, data }: AnyEnvelope): { text: string; isDescription: boolean } | undefined {
  const { task, comment, changes = {} } = (data ?? {}) as Fields;
  if (type === "task:created" && task?.description) return { text: task.description, isDescription: true };
  if (type === "task:updated" && typeof changes["description"] === "string") return { text: changes["description"], isDescription: true };
  if (type.startsWith("task:comment:") && comment && excerpt(comment.body) !== comment.body) return { text: comment.body, isDescription: false };
  return undefined;
}

/** Returns the new value as text; empty for values that are too long to show. */
function newValues(changes: Record<string, unknown>): string {
  const { title, due_date, priority, status, tags } = changes;
  if (typeof title === "string") return ` to “${excerpt(title)}”`;
  if (typeof due_date === "string") return ` to ${due_date.slice(0, "2026-01-05".length)}`;
  if (typeof priority === "number") return ` to ${priority}`;
  if (typeof status === "string") return ` to ${status.replace("_", " ")}`;
  if (Array.isArray(tags)) return tags.length === 0 ? " to none" : ` to ${tags.join(", ")}`;
  return "";
}

const EXCERPT_LENGTH = 120;

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > EXCERPT_LENGTH ? `${line.slice(0, EXCERPT_LENGTH)}…` : line;
}
