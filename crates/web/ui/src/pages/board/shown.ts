/** Which cards are shown. A column whose cards are the same keeps its list, so that it is not drawn again. */
import type { BoardSnapshot, Task } from "@boardwire/client";
import { useMemo, useRef } from "react";
import type { Shown } from "./moves";

type Test = ((task: Task) => boolean) | undefined;

interface Passing {
  all: readonly Task[];
  test: Test;
  passing: readonly Task[];
}

export function useShown({ columns, tasksByColumn }: Pick<BoardSnapshot, "columns" | "tasksByColumn">, test: Test): Shown {
  const last = useRef(new Map<string, Passing>());
  return useMemo(() => {
    const now = new Map<string, Passing>();
    for (const [id, all] of tasksByColumn) {
      const known = last.current.get(id);
      now.set(id, known?.all === all && known.test === test ? known : { all, test, passing: test ? all.filter(test) : all });
    }
    last.current = now;
    return { columns, cards: new Map([...now].map(([id, { passing }]) => [id, passing])) };
  }, [columns, tasksByColumn, test]);
}
