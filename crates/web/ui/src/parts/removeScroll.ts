/** Replaces `react-remove-scroll`, which Radix imports for overlays and modal menus, which the page does not use. */
export { Fragment as RemoveScroll } from "react";
