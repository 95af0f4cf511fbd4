/** What cards show in addition to their task, computed once for all of them. */
import type { BoardSnapshot, PresentUser, Task } from "@boardwire/client";
import { createContext, useContext, useMemo } from "react";

export interface CardFacts {
  nameOf: (userId: string) => string;
  /** The ids of tasks that are blocked by another one. */
  blocked: ReadonlySet<string>;
  /** The ids of tasks with a text in conflict, which the user has to decide on. */
  undecided: ReadonlySet<string>;
  /** The other users who have a card open, by task. */
  viewers: ReadonlyMap<string, readonly PresentUser[]>;
  /** The ids of other users who type on a card, by task. */
  typing: ReadonlyMap<string, readonly string[]>;
}

export const CardFactsContext = createContext<CardFacts | undefined>(undefined);

export function useCardFacts(): CardFacts {
  const facts = useContext(CardFactsContext);
  if (facts === undefined) throw new Error("this component needs the facts about cards");
  return facts;
}

type Sources = Pick<BoardSnapshot, "tasks" | "dependencies" | "conflicts" | "viewers" | "typing"> & Pick<CardFacts, "nameOf"> & { ownId: string };

export function useComputedCardFacts({ tasks, dependencies, conflicts, viewers, typing, nameOf, ownId }: Sources): CardFacts {
  // Computed with each event, but mostly for the same cards: an equal set stays the same object.
  const blocked = useStableSet(blockedIds(dependencies, tasks));
  const undecided = useStableSet(conflicts.map(({ taskId }) => taskId));
  const present = useMemo(() => {
    const open = viewers.filter(({ userId, taskId }) => userId !== ownId && taskId !== undefined);
    return groupBy(
      open,
      ({ taskId = "" }) => taskId,
      (viewer) => viewer,
    );
  }, [viewers, ownId]);
  const typists = useMemo(() => {
    const onCards = typing.filter(({ userId, taskId }) => userId !== ownId && taskId !== undefined);
    return groupBy(
      onCards,
      ({ taskId = "" }) => taskId,
      ({ userId }) => userId,
    );
  }, [typing, ownId]);
  return useMemo(() => ({ nameOf, blocked, undecided, viewers: present, typing: typists }), [nameOf, blocked, undecided, present, typists]);
}

/** Returns ids as a set: the same object as long as they are the same. */
function useStableSet(ids: readonly string[]): ReadonlySet<string> {
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

function groupBy<Item, Value>(items: readonly Item[], key: (item: Item) => string, value: (item: Item) => Value): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(value(item));
    else groups.set(key(item), [value(item)]);
  }
  return groups;
}
