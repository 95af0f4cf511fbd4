/** Replaces `react-remove-scroll`, which Radix imports for overlays and modal menus: the page has none. */
export { Fragment as RemoveScroll } from "react";
