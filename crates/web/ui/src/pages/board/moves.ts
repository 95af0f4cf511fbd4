/** Where a card is moved to: a place among the cards that are shown, given to the server as a neighbour. */
import type { Column, Payload, Task } from "@boardwire/client";

export type Target = Omit<Payload<"task:move">, "taskId">;

/** The cards that are shown, column by column. */
export interface ShownBoard {
  columns: readonly Column[];
  cards: ReadonlyMap<string, readonly Task[]>;
}

export interface Place {
  column: Column;
  index: number;
}

/** Returns the target at `index` among a column's other cards. `isThere` returns whether a card is still in the column. */
export function targetAt(toColumn: string, others: readonly Task[], index: number, isThere: (task: Task) => boolean = () => true): Target {
  const before = others.slice(index).find(isThere);
  if (before !== undefined) return { toColumn, before: before.id };
  const after = others.slice(0, index).findLast(isThere);
  return after === undefined ? { toColumn } : { toColumn, after: after.id };
}

export function cardsOf({ cards }: ShownBoard, columnId: string): readonly Task[] {
  return cards.get(columnId) ?? [];
}

/** Returns where a card is shown. */
export function placeOf(shown: ShownBoard, taskId: string): Place | undefined {
  for (const column of shown.columns) {
    const index = cardsOf(shown, column.id).findIndex(({ id }) => id === taskId);
    if (index >= 0) return { column, index };
  }
  return undefined;
}

export type Direction = "up" | "down" | "left" | "right";

export const ARROWS: Readonly<Record<string, Direction>> = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** Returns the place one step away; `undefined` if there is none. */
export function placeBeside(shown: ShownBoard, { column, index }: Place, direction: Direction): Place | undefined {
  if (direction === "up") return index > 0 ? { column, index: index - 1 } : undefined;
  if (direction === "down") return index < cardsOf(shown, column.id).length - 1 ? { column, index: index + 1 } : undefined;
  const next = shown.columns[shown.columns.findIndex(({ id }) => id === column.id) + (direction === "left" ? -1 : 1)];
  return next && { column: next, index: Math.min(index, cardsOf(shown, next.id).length) };
}
