/**
 * How fast the page goes on while something is held at its edge. On a phone one column fills the page: there it goes on by one
 * column at a time and rests at it, so that a card does not fly past all of them, and falls into the column that one looks at.
 */
import { useMouseSensor, useTouchSensor, useKeyboardSensor, type FluidDragActions, type Sensor, type SensorAPI, type TryGetLock } from "@hello-pangea/dnd";
import { useMemo } from "react";

const FASTEST_PX = 8;
const REST_MS = 700;
const PHONE = matchMedia("(max-width: 760px)");

let rested: Element | undefined;
let restsUntil = 0;

/** The column in the middle of the page, and how far its middle is from there. */
function middle(): { column: Element; away: number } | undefined {
  const all = [...document.querySelectorAll("[data-column-id]")].map((column) => {
    const { left, width } = column.getBoundingClientRect();
    return { column, away: Math.abs(left + width / 2 - innerWidth / 2) };
  });
  return all.sort((one, other) => one.away - other.away)[0];
}

/** To be called when something is lifted. */
export function beginAtTheEdge(): void {
  rested = middle()?.column;
  restsUntil = 0;
}

/** Pixels per frame. */
function pace(): number {
  if (!PHONE.matches) return FASTEST_PX;
  const now = performance.now();
  if (now < restsUntil) return 0;
  const nearest = middle();
  if (nearest === undefined || nearest.column === rested || nearest.away > FASTEST_PX) return FASTEST_PX;
  rested = nearest.column;
  restsUntil = now + REST_MS;
  // The library goes on with the next scrolling or movement, which a still finger does not give it.
  setTimeout(() => dispatchEvent(new Event("scroll")), REST_MS + 1);
  return 0;
}

/** How far from the edge the page begins to go on, and where it is fastest, as parts of the page. */
const START = 0.18;
const FULL = 0.17;

/** Slow enough to stop at the column that is meant. Asked for each frame. */
export const AT_THE_EDGE = {
  startFromPercentage: START,
  get maxScrollAtPercentage() {
    return PHONE.matches ? FULL : 0.05;
  },
  get maxPixelScroll() {
    return pace();
  },
};

/** How far inside the column that fills the page a card is kept that is held beyond it. */
const INSIDE_PX = 8;

/** Where the middle of a card may be on a page that one column fills: over that column, and still at the edge. */
function sight(): { left: number; right: number } | undefined {
  const width = middle()?.column.getBoundingClientRect().width ?? 0;
  const left = (innerWidth - width) / 2 + INSIDE_PX;
  return PHONE.matches && left <= innerWidth * FULL ? { left, right: innerWidth - left } : undefined;
}

/** A finger or mouse that carries a card no further than one sees. */
function inSight(use: Sensor): Sensor {
  return function useInSight(api: SensorAPI) {
    use(
      useMemo(() => {
        const tryGetLock: TryGetLock = (draggableId, ...rest) => {
          const before = api.tryGetLock(draggableId, ...rest);
          const card = document.querySelector(`.card-place[data-rfd-draggable-id="${CSS.escape(draggableId)}"]`)?.getBoundingClientRect();
          const seen = sight();
          if (before === null || card === undefined || seen === undefined) return before;
          const middle = card.left + card.width / 2;
          const fluidLift = (at: Point): FluidDragActions => {
            const actions = before.fluidLift(at);
            const nearest = (x: number) => Math.min(Math.max(middle + x - at.x, seen.left), seen.right) - middle + at.x;
            return { ...actions, move: ({ x, y }) => actions.move({ x: nearest(x), y }) };
          };
          return { ...before, fluidLift };
        };
        return { ...api, tryGetLock };
      }, [api]),
    );
  };
}

type Point = Parameters<FluidDragActions["move"]>[0];

export const SENSORS = [inSight(useMouseSensor), inSight(useTouchSensor), useKeyboardSensor];

/** To be called when something was dropped in a column: where one column fills the page, that is the one. */
export function showWhereItFell(columnId: string): void {
  if (sight() === undefined) return;
  const column = document.querySelector(`[data-column-id="${CSS.escape(columnId)}"]`);
  // Once what was dropped has left the page to itself.
  requestAnimationFrame(() => column?.scrollIntoView({ inline: "center", block: "nearest" }));
}
