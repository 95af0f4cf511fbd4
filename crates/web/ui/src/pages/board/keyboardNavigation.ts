/** Keyboard navigation on the board: arrow keys move the focus from card to card; with Alt they move the card. */
import type { Task } from "@boardwire/client";
import { useLayoutEffect, useMemo, useRef, type KeyboardEvent, type RefObject } from "react";
import { announce } from "../../app/notices";
import type { OpenBoard } from "./boardContext";
import { ARROWS, cardsOf, placeOf, placeBeside, targetAt, type Direction, type ShownBoard } from "./moves";

export interface KeyboardNavigation {
  onKey: (event: KeyboardEvent<HTMLElement>, task: Task) => void;
  /** Sets how a column scrolls to a card; `undefined` when the column is removed. */
  setScroll: (columnId: string, scroll: ((index: number) => void) | undefined) => void;
  /** Opens the form for a new card in a column; `undefined` closes it. */
  add: (columnId: string | undefined) => void;
}

/** How many frames to wait at most until a card is rendered at its new place. */
const MAX_FRAMES = 10;

export function useKeyboardNavigation(
  root: RefObject<HTMLElement | null>,
  live: ShownBoard,
  open: OpenBoard,
  add: KeyboardNavigation["add"],
): KeyboardNavigation {
  // The handlers stay the same object, so that columns are not rendered again, and read the latest state from here.
  const latest = useRef({ shown: live, open });
  useLayoutEffect(() => {
    latest.current = { shown: live, open };
  });
  return useMemo(() => {
    const scrolls = new Map<string, (index: number) => void>();

    const focus = (taskId: string, frames = MAX_FRAMES) => {
      requestAnimationFrame(() => {
        const place = placeOf(latest.current.shown, taskId);
        if (place === undefined) return;
        const card = findCard(root.current, place.column.id, taskId);
        if (document.activeElement === card && card !== null) return;
        scrolls.get(place.column.id)?.(place.index);
        card?.focus();
        if (frames > 0) focus(taskId, frames - 1);
      });
    };

    const move = (task: Task, direction: Direction) => {
      const { shown, open } = latest.current;
      const from = placeOf(shown, task.id);
      const to = from && placeBeside(shown, from, direction);
      if (to === undefined) return;
      const others = cardsOf(shown, to.column.id).filter(({ id }) => id !== task.id);
      const { board, change } = open;
      const moved = change(() => {
        announce(`“${task.title}”: position ${to.index + 1} of ${others.length + 1} in ${to.column.name}.`);
        return board.moveTask(task.id, targetAt(to.column.id, others, to.index));
      });
      focus(task.id);
      // If the move is undone, the focus goes back with the card.
      void moved.then((confirmed) => confirmed === undefined && focus(task.id));
    };

    const moveFocus = (card: HTMLElement, task: Task, direction: Direction) => {
      const { shown } = latest.current;
      const from = placeOf(shown, task.id);
      const to = from && placeBeside(shown, from, direction);
      if (to === undefined) return;
      if (to.column.id === from?.column.id) focus(cardsOf(shown, to.column.id)[to.index]?.id ?? task.id);
      else cardInNextColumn(root.current, shown, from?.column.id ?? "", direction, card)?.focus();
    };

    return {
      onKey(event, task) {
        const { altKey, ctrlKey, metaKey, shiftKey, key, defaultPrevented, currentTarget } = event;
        if (defaultPrevented || ctrlKey || metaKey || shiftKey) return;
        const direction = ARROWS[key];
        const { canWrite } = latest.current.open;
        if (direction) {
          event.preventDefault();
          if (!altKey) moveFocus(currentTarget, task, direction);
          else if (canWrite) move(task, direction);
        } else if (key === "n" && !altKey && canWrite) {
          event.preventDefault();
          add(task.column_id);
        }
      },
      setScroll(columnId, scroll) {
        if (scroll) scrolls.set(columnId, scroll);
        else scrolls.delete(columnId);
      },
      add,
    };
  }, [root, add]);
}

function cardsIn(root: HTMLElement | null, columnId: string): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>(`[data-column-id="${CSS.escape(columnId)}"] [data-task-id]`) ?? [])];
}

function findCard(root: HTMLElement | null, columnId: string, taskId: string): HTMLElement | null {
  return cardsIn(root, columnId).find(({ dataset }) => dataset.taskId === taskId) ?? null;
}

/** Returns the card at the same height in the next column that has cards. */
function cardInNextColumn(
  root: HTMLElement | null,
  { columns, cards }: ShownBoard,
  columnId: string,
  direction: Direction,
  card: HTMLElement,
): HTMLElement | undefined {
  const ids = columns.map(({ id }) => id);
  const at = ids.indexOf(columnId);
  const others = direction === "left" ? ids.slice(0, at).reverse() : ids.slice(at + 1);
  const next = others.find((id) => (cards.get(id)?.length ?? 0) > 0);
  if (next === undefined) return undefined;
  const { top } = card.getBoundingClientRect();
  const distance = (other: HTMLElement) => Math.abs(other.getBoundingClientRect().top - top);
  return cardsIn(root, next).reduce<HTMLElement | undefined>(
    (best, other) => (best === undefined || distance(other) < distance(best) ? other : best),
    undefined,
  );
}
