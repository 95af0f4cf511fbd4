/**
 * Dragging at the edge of the page. On a wide page the library for dragging scrolls, slowly enough to stop at the right column. On a
 * phone one column fills the page: there the page scrolls by one column at a time and pauses, and the dragged item stays within the
 * visible column, so that it is dropped into the one that the user sees.
 */
import { useKeyboardSensor, useMouseSensor, useTouchSensor, type FluidDragActions, type PreDragActions, type Sensor, type TryGetLock } from "@hello-pangea/dnd";
import { useMemo } from "react";

/** As fractions of the page's width: where the library starts to scroll, and where a finger counts as at the edge of a phone. */
const SCROLLED = 0.18;
const HELD = 0.12;
const SLOW_PX = 8;
const FAST_PX = 20;
/** How long a finger is at the edge before the page scrolls, and how long after that until the next column, in milliseconds. */
const SOON_MS = 200;
const REST_MS = 1_000;
/** How far from the edge of the column the dragged item stays, in pixels. */
const INSIDE_PX = 8;
const PHONE = matchMedia("(max-width: 480px)");
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** Read for each frame. On a phone the library scrolls columns only vertically. */
export const AT_THE_EDGE = {
  startFromPercentage: SCROLLED,
  get maxPixelScroll() {
    return PHONE.matches ? FAST_PX : SLOW_PX;
  },
};

type Point = Parameters<FluidDragActions["move"]>[0];
type Range = readonly [least: number, most: number];

const within = (value: number, [least, most]: Range) => Math.max(least, Math.min(value, most));

/** An item that is dragged on a phone. */
class Held {
  /** The centres of the columns, from the left end of the page. */
  readonly #columns: readonly number[];
  readonly #half: number;
  /** Where the finger was at first, and the centre of the item. */
  readonly #at: Point;
  readonly #middle: Point;
  /** The range of the centre from top to bottom. */
  readonly #height: Range;
  readonly #isHeld: () => boolean;
  #direction = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: Element, at: Point, isHeld: () => boolean) {
    const columns = [...document.querySelectorAll("[data-column-id]")].map((column) => column.getBoundingClientRect());
    this.#columns = columns.map(({ left, width }) => scrollX + left + width / 2);
    this.#half = (columns[0]?.width ?? 0) / 2;
    this.#at = at;
    this.#middle = middleOf(element);
    // A column moves only sideways, and a card stays over the lists, which all have the same height.
    const list = element.matches("[data-column-id]") ? undefined : element.closest(".cards")?.getBoundingClientRect();
    this.#height = list ? [list.top + INSIDE_PX, list.bottom - INSIDE_PX] : [this.#middle.y, this.#middle.y];
    this.#isHeld = isHeld;
  }

  /** Where the finger would have to be for the item to be visible. */
  inSight({ x, y }: Point): Point {
    const column = (this.#columns[this.#nearest()] ?? 0) - scrollX;
    const reach = this.#half - INSIDE_PX;
    // Where the library does not scroll sideways.
    const free = (SCROLLED + 0.01) * innerWidth;
    const across: Range = [Math.max(column - reach, free), Math.min(column + reach, innerWidth - free)];
    const [dx, dy] = [this.#middle.x - this.#at.x, this.#middle.y - this.#at.y];
    return { x: within(x + dx, across) - dx, y: within(y + dy, this.#height) - dy };
  }

  /** Scrolls the page for as long as the finger is at an edge that it has moved to. */
  follow({ x }: Point): void {
    const edge = HELD * innerWidth;
    const direction = x < Math.min(edge, this.#at.x - INSIDE_PX) ? -1 : x > Math.max(innerWidth - edge, this.#at.x + INSIDE_PX) ? 1 : 0;
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.stop();
    if (direction !== 0) this.#timer = setTimeout(() => this.#goOn(), SOON_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #goOn(): void {
    const next = this.#columns[this.#nearest() + this.#direction];
    if (next === undefined || !this.#isHeld()) return;
    scrollTo({ left: next - innerWidth / 2, behavior: STILL.matches ? "instant" : "smooth" });
    this.#timer = setTimeout(() => this.#goOn(), REST_MS);
  }

  #nearest(): number {
    const away = this.#columns.map((column) => Math.abs(column - scrollX - innerWidth / 2));
    return away.indexOf(Math.min(...away));
  }
}

function middleOf(element: Element): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

/** Lifts an item, and keeps it within the visible column. */
function hold(draggableId: string, at: Point, lift: PreDragActions["fluidLift"]): FluidDragActions {
  const element = document.querySelector(`[data-rfd-draggable-id="${CSS.escape(draggableId)}"]`);
  if (element === null) return lift(at);
  // Measured before the item is taken out of the page.
  const held = new Held(element, at, () => actions.isActive());
  const actions = lift(at);
  return {
    ...actions,
    move(to) {
      held.follow(to);
      actions.move(held.inSight(to));
    },
  };
}

function onPhones(use: Sensor): Sensor {
  return function useOnPhones(api) {
    const wrapped = useMemo(() => {
      const tryGetLock: TryGetLock = (draggableId, ...rest) => {
        const before = api.tryGetLock(draggableId, ...rest);
        if (before === null || !PHONE.matches) return before;
        return { ...before, fluidLift: (at) => hold(draggableId, at, before.fluidLift) };
      };
      return { ...api, tryGetLock };
    }, [api]);
    use(wrapped);
  };
}

export const SENSORS = [onPhones(useMouseSensor), onPhones(useTouchSensor), useKeyboardSensor];

/** On a phone: scrolls to a column that was dropped, or into which something was dropped. */
export function showWhereItFell(columnId: string): void {
  if (!PHONE.matches) return;
  // After the library has finished the drop.
  requestAnimationFrame(() => document.querySelector(`[data-column-id="${CSS.escape(columnId)}"]`)?.scrollIntoView({ inline: "center", block: "nearest" }));
}
