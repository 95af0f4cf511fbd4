/** What cards show beside their task, computed once for all of them. */
import type { BoardSnapshot, Present, Task } from "@boardwire/client";
import { createContext, useContext, useMemo } from "react";

export interface CardFacts {
  nameOf: (userId: string) => string;
  /** The ids of tasks that are blocked by another one. */
  blocked: ReadonlySet<string>;
  /** The ids of tasks with a text in conflict, which the user has to decide on. */
  undecided: ReadonlySet<string>;
  /** The other users who have a card open, by task. */
  viewers: ReadonlyMap<string, readonly Present[]>;
  /** The ids of other users who type on a card, by task. */
  typing: ReadonlyMap<string, readonly string[]>;
}

export const CardFactsContext = createContext<CardFacts | undefined>(undefined);

export function useCardFacts(): CardFacts {
  const facts = useContext(CardFactsContext);
  if (facts === undefined) throw new Error("cards belong on a board");
  return facts;
}

type Sources = Pick<BoardSnapshot, "tasks" | "dependencies" | "conflicts" | "viewers" | "typing"> & Pick<CardFacts, "nameOf"> & { self: string };

export function useFacts({ tasks, dependencies, conflicts, viewers, typing, nameOf, self }: Sources): CardFacts {
  // Computed with each event, but mostly for the same cards: an equal set stays the same object.
  const blocked = useSame(blockedIds(dependencies, tasks));
  const undecided = useSame(conflicts.map(({ taskId }) => taskId));
  const present = useMemo(() => {
    const open = viewers.filter(({ userId, taskId }) => userId !== self && taskId !== undefined);
    return grouped(
      open,
      ({ taskId = "" }) => taskId,
      (viewer) => viewer,
    );
  }, [viewers, self]);
  const typists = useMemo(() => {
    const on = typing.filter(({ userId, taskId }) => userId !== self && taskId !== undefined);
    return grouped(
      on,
      ({ taskId = "" }) => taskId,
      ({ userId }) => userId,
    );
  }, [typing, self]);
  return useMemo(() => ({ nameOf, blocked, undecided, viewers: present, typing: typists }), [nameOf, blocked, undecided, present, typists]);
}

/** Ids as a set, the same object as long as they are the same. */
function useSame(ids: readonly string[]): ReadonlySet<string> {
  const key = ids.join(" ");
  return useMemo(() => new Set(key === "" ? [] : key.split(" ")), [key]);
}

function blockedIds(dependencies: BoardSnapshot["dependencies"], tasks: ReadonlyMap<string, Task>): string[] {
  const waiting = dependencies.filter(({ type, depends_on }) => type === "blocks" && isOpen(tasks.get(depends_on)));
  return waiting.map(({ task_id }) => task_id);
}

function isOpen(task: Task | undefined): boolean {
  return task !== undefined && task.status !== "done";
}

function grouped<Item, Value>(items: readonly Item[], key: (item: Item) => string, value: (item: Item) => Value): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(value(item));
    else groups.set(key(item), [value(item)]);
  }
  return groups;
}
