/** Which cards are shown. A column whose cards are the same keeps its list, so that it is not rendered again. */
import type { BoardSnapshot, Task } from "@boardwire/client";
import { useMemo } from "react";
import type { ShownBoard } from "./moves";

type Test = ((task: Task) => boolean) | undefined;

export function useShownBoard({ columns, tasksByColumn }: Pick<BoardSnapshot, "columns" | "tasksByColumn">, test: Test): ShownBoard {
  const filterTasks = useMemo(() => filterOnce(test), [test]);
  return useMemo(() => ({ columns, cards: new Map([...tasksByColumn].map(([id, tasks]) => [id, filterTasks(tasks)])) }), [columns, tasksByColumn, filterTasks]);
}

/** Filters lists of tasks. The same list gives the same result. */
function filterOnce(test: Test): (tasks: readonly Task[]) => readonly Task[] {
  if (test === undefined) return (tasks) => tasks;
  const known = new WeakMap<readonly Task[], readonly Task[]>();
  return (tasks) => {
    const filtered = known.get(tasks) ?? tasks.filter(test);
    known.set(tasks, filtered);
    return filtered;
  };
}
