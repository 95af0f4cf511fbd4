/**
 * How fast the page goes on while something is held at its edge. On a phone one column fills the page: there it goes on by one
 * column at a time and rests at it, so that a card does not fly past all of them.
 */
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

/** Slow enough to stop at the column that is meant. Asked for each frame. */
export const AT_THE_EDGE = {
  startFromPercentage: 0.18,
  get maxPixelScroll() {
    return pace();
  },
};
