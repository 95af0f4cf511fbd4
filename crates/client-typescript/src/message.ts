/** Events as they arrive, and which of them a pattern and filters match. */
import type { Envelope, ErrorEvent, EventName } from "./protocol.js";

/** What a listener of this event gets: the envelope, or the bare data of `error`. */
export type Message<Type extends EventName> = Type extends "error" ? ErrorEvent : Envelope<Type>;

/** An envelope of any event, including those of a newer server that this client does not know. */
export interface AnyEnvelope {
  type: string;
  data: unknown;
  timestamp: string;
  id: string;
  boardId?: string;
  seq?: number;
  userId?: string;
  requestId?: string;
}

/** Which events a subscription receives, in addition to the pattern of their names. */
export interface Filters {
  /** Events of this board. */
  boardId?: string;
  /** Events that concern this task. */
  taskId?: string;
  /** Events that this user caused. */
  userId?: string;
}

/** The fields of an event's data that name its task. */
interface Concern {
  taskId?: string | null;
  task?: { id: string };
  comment?: { task_id: string };
  attachment?: { task_id: string };
  dependency?: { task_id: string };
}

export function isEnvelope(message: unknown): message is AnyEnvelope {
  return typeof message === "object" && message !== null && "type" in message && "data" in message;
}

/** Returns a test for event names: `*` in the pattern stands for any characters, everything else for itself. */
export function matcher(pattern: string): (type: string) => boolean {
  const literal = pattern.split("*").map((part) => part.replace(/[^a-z:]/g, "\\$&"));
  const expression = new RegExp(`^${literal.join(".*")}$`);
  return (type) => expression.test(type);
}

/** Returns whether an event passes the filters. */
export function passes({ boardId, data, userId }: AnyEnvelope, filters: Filters): boolean {
  if (filters.boardId !== undefined && filters.boardId !== boardId) return false;
  if (filters.userId !== undefined && filters.userId !== userId) return false;
  return filters.taskId === undefined || filters.taskId === taskOf(data);
}

function taskOf(data: unknown): string | undefined {
  const { task, taskId, comment, attachment, dependency } = (data ?? {}) as Concern;
  return task?.id ?? taskId ?? comment?.task_id ?? attachment?.task_id ?? dependency?.task_id;
}
