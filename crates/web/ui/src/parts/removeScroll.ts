/** In place of `react-remove-scroll`, which Radix imports for overlays and modal menus: there are none here. */
export { Fragment as RemoveScroll } from "react";
