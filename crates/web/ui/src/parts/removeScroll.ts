/** Replaces `react-remove-scroll`: Radix imports it for overlays and modal menus, and the page uses neither. */
export { Fragment as RemoveScroll } from "react";
