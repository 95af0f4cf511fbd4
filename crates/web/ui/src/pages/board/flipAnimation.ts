/**
 * Animates changes by others (first, last, invert, play): a card moves to its new place, those around it make room, and it glows for a
 * moment in the colour of the user who changed it. Only rendered cards are animated, which are few.
 */
import type { BoardStore } from "@boardwire/client";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { hue } from "../../parts/Avatar";
import type { ShownBoard } from "./moves";

/** How many simultaneous changes are animated: nobody could follow more. */
const MAX_ANIMATED = 12;
const GLOW_MS = 1_600;

export function useFlipAnimation(root: RefObject<HTMLElement | null>, board: BoardStore, shown: ShownBoard, isDragging: boolean): void {
  const changed = useRef(new Map<string, string>());
  const before = useRef<Map<string, RenderedCard>>(undefined);

  useEffect(
    () =>
      board.onChange(({ own, type, data, userId }) => {
        // An agent renews its lease every few seconds, which changes nothing that the card shows.
        if (own || type === "task:renewed") return;
        const { task } = data as { task?: { id: string } | null };
        if (task != null && userId !== undefined) changed.current.set(task.id, userId);
        // The page still shows the state before the change, which is compared with the one after it.
        if (changed.current.size <= MAX_ANIMATED) before.current ??= renderedCards(root.current);
      }),
    [board, root],
  );

  useLayoutEffect(() => {
    const [previous, authors] = [before.current, changed.current];
    before.current = undefined;
    changed.current = new Map();
    if (previous === undefined || authors.size > MAX_ANIMATED || isDragging) return;
    const duration = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--calm"));
    for (const [id, now] of renderedCards(root.current)) {
      const userId = authors.get(id);
      if (duration > 0) animateMove(now, previous.get(id), userId !== undefined, duration);
      if (userId !== undefined) glow(now.card, userId);
    }
    // Runs after every change of what is shown, because any card may have moved.
  }, [shown, root, isDragging]);
}

interface RenderedCard {
  card: HTMLElement;
  box: DOMRect;
  column: Element | null;
}

function renderedCards(root: HTMLElement | null): Map<string, RenderedCard> {
  const all = new Map<string, RenderedCard>();
  for (const card of root?.querySelectorAll<HTMLElement>("[data-task-id]") ?? []) {
    const box = card.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight) all.set(card.dataset.taskId ?? "", { card, box, column: card.closest("[data-column-id]") });
  }
  return all;
}

const EASE = "cubic-bezier(0.2, 0.8, 0.2, 1)";

function animateMove({ card, box, column }: RenderedCard, from: RenderedCard | undefined, isChanged: boolean, duration: number): void {
  const timing = { duration, easing: EASE };
  if (from === undefined) {
    if (isChanged) card.animate([{ opacity: 0, transform: "scale(0.96)" }, {}], timing);
    return;
  }
  const shift = `translate(${from.box.left - box.left}px, ${from.box.top - box.top}px)`;
  if (shift === "translate(0px, 0px)") return;
  if (from.column === column) card.animate([{ transform: shift }, {}], timing);
  else animateMoveToColumn(card, box, shift, timing);
}

/** Moves a copy from column to column, above everything: a column clips its cards. */
function animateMoveToColumn(card: HTMLElement, { left, top, width, height }: DOMRect, shift: string, timing: KeyframeAnimationOptions): void {
  const copy = card.cloneNode(true) as HTMLElement;
  copy.removeAttribute("data-task-id");
  copy.removeAttribute("data-testid");
  copy.removeAttribute("href");
  copy.inert = true;
  Object.assign(copy.style, { position: "fixed", left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`, margin: 0, zIndex: 5 });
  document.body.append(copy);
  const removeCopy = () => copy.remove();
  copy.animate([{ transform: shift }, {}], timing).finished.then(removeCopy, removeCopy);
  card.animate([{ opacity: 0 }, { opacity: 0 }], timing);
}

function glow(card: HTMLElement, userId: string): void {
  const colour = `hsl(${hue(userId)} 65% 60% / 70%)`;
  card.animate([{ boxShadow: `0 0 0 2px ${colour}, 0 0 10px ${colour}`, offset: 0.2 }, {}], { duration: GLOW_MS, easing: "ease-out" });
}
