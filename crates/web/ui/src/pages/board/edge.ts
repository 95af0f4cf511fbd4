/**
 * Dragging at the edge of the page. On a wide page the drag-and-drop library scrolls, slowly enough to stop at the right column. On a
 * phone one column fills the page: there the page scrolls by one column at a time and pauses, and the dragged item stays within the
 * visible column, so that it is dropped into the one that the user sees.
 */
import { useKeyboardSensor, useMouseSensor, useTouchSensor, type FluidDragActions, type PreDragActions, type Sensor, type TryGetLock } from "@hello-pangea/dnd";
import { useMemo } from "react";

/** As fractions of the page's width: where the library starts to scroll, and how near to a phone's edge the page scrolls. */
const SCROLL_ZONE = 0.18;
const PHONE_EDGE = 0.12;
const WIDE_SCROLL_PX = 8;
const PHONE_SCROLL_PX = 20;
/** How long a finger is at the edge before the page scrolls, and how long after that until the next column, in milliseconds. */
const FIRST_SCROLL_MS = 200;
const NEXT_SCROLL_MS = 1_000;
/** How far from the edge of the column the dragged item stays, in pixels. */
const MARGIN_PX = 8;
const PHONE = matchMedia("(max-width: 480px)");
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

/** Options that the library reads for each frame. On a phone it scrolls only vertically. */
export const AUTO_SCROLL = {
  startFromPercentage: SCROLL_ZONE,
  get maxPixelScroll() {
    return PHONE.matches ? PHONE_SCROLL_PX : WIDE_SCROLL_PX;
  },
};

type Point = Parameters<FluidDragActions["move"]>[0];
type Range = readonly [least: number, most: number];

const clamp = (value: number, [least, most]: Range) => Math.max(least, Math.min(value, most));

/** An item that is dragged on a phone. */
class PhoneDrag {
  /** The centres of the columns, from the left end of the page. */
  readonly #columns: readonly number[];
  readonly #halfWidth: number;
  /** The first position of the finger, and of the centre of the item. */
  readonly #start: Point;
  readonly #center: Point;
  /** The vertical range for the centre of the item. */
  readonly #verticalRange: Range;
  readonly #isDragged: () => boolean;
  #direction = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: Element, at: Point, isDragged: () => boolean) {
    const columns = [...document.querySelectorAll("[data-column-id]")].map((column) => column.getBoundingClientRect());
    this.#columns = columns.map(({ left, width }) => scrollX + left + width / 2);
    this.#halfWidth = (columns[0]?.width ?? 0) / 2;
    this.#start = at;
    this.#center = centerOf(element);
    // A column moves only sideways, and a card stays over the lists, which all have the same height.
    const list = element.matches("[data-column-id]") ? undefined : element.closest(".cards")?.getBoundingClientRect();
    this.#verticalRange = list ? [list.top + MARGIN_PX, list.bottom - MARGIN_PX] : [this.#center.y, this.#center.y];
    this.#isDragged = isDragged;
  }

  /** Returns where the finger would have to be for the item to stay in the visible column. */
  keepInColumn({ x, y }: Point): Point {
    const column = (this.#columns[this.#nearest()] ?? 0) - scrollX;
    const reach = this.#halfWidth - MARGIN_PX;
    // Beyond this distance from the edges the library does not scroll sideways.
    const inset = (SCROLL_ZONE + 0.01) * innerWidth;
    const horizontalRange: Range = [Math.max(column - reach, inset), Math.min(column + reach, innerWidth - inset)];
    const [dx, dy] = [this.#center.x - this.#start.x, this.#center.y - this.#start.y];
    return { x: clamp(x + dx, horizontalRange) - dx, y: clamp(y + dy, this.#verticalRange) - dy };
  }

  /** Scrolls the page for as long as the finger is at an edge that it has moved to. */
  scrollAtEdge({ x }: Point): void {
    const edge = PHONE_EDGE * innerWidth;
    const direction = x < Math.min(edge, this.#start.x - MARGIN_PX) ? -1 : x > Math.max(innerWidth - edge, this.#start.x + MARGIN_PX) ? 1 : 0;
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.stop();
    if (direction !== 0) this.#timer = setTimeout(() => this.#scrollToNextColumn(), FIRST_SCROLL_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #scrollToNextColumn(): void {
    const next = this.#columns[this.#nearest() + this.#direction];
    if (next === undefined || !this.#isDragged()) return;
    scrollTo({ left: next - innerWidth / 2, behavior: REDUCED_MOTION.matches ? "instant" : "smooth" });
    this.#timer = setTimeout(() => this.#scrollToNextColumn(), NEXT_SCROLL_MS);
  }

  #nearest(): number {
    const distances = this.#columns.map((column) => Math.abs(column - scrollX - innerWidth / 2));
    return distances.indexOf(Math.min(...distances));
  }
}

function centerOf(element: Element): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

/** Lifts an item on a phone, and keeps it within the visible column. */
function liftOnPhone(draggableId: string, at: Point, lift: PreDragActions["fluidLift"]): FluidDragActions {
  const element = document.querySelector(`[data-rfd-draggable-id="${CSS.escape(draggableId)}"]`);
  if (element === null) return lift(at);
  // Measured before the item is taken out of the page.
  const drag = new PhoneDrag(element, at, () => actions.isActive());
  const actions = lift(at);
  return {
    ...actions,
    move(to) {
      drag.scrollAtEdge(to);
      actions.move(drag.keepInColumn(to));
    },
  };
}

function withPhoneDrag(use: Sensor): Sensor {
  return function useOnPhones(api) {
    const wrapped = useMemo(() => {
      const tryGetLock: TryGetLock = (draggableId, ...rest) => {
        const lock = api.tryGetLock(draggableId, ...rest);
        if (lock === null || !PHONE.matches) return lock;
        return { ...lock, fluidLift: (at) => liftOnPhone(draggableId, at, lock.fluidLift) };
      };
      return { ...api, tryGetLock };
    }, [api]);
    use(wrapped);
  };
}

export const SENSORS = [withPhoneDrag(useMouseSensor), withPhoneDrag(useTouchSensor), useKeyboardSensor];

/** On a phone, scrolls to a column that was dropped, or into which a card was dropped. */
export function scrollToColumn(columnId: string): void {
  if (!PHONE.matches) return;
  // After the library has finished the drop.
  requestAnimationFrame(() => document.querySelector(`[data-column-id="${CSS.escape(columnId)}"]`)?.scrollIntoView({ inline: "center", block: "nearest" }));
}
