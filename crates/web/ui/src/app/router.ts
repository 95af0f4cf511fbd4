/** The addresses of the pages, and how to go to one. Links come from wouter. */
import { useEffect } from "react";
import { navigate } from "wouter/use-browser-location";

const ID = "[A-Za-z0-9_-]{1,64}";
/** A board, with or without an open card. */
const BOARD = new RegExp(`^/boards/(?<boardId>${ID})(?:/tasks/(?<taskId>${ID}))?/?$`);

/** The pattern of each page's address. */
export const routes = { boards: "/", operator: "/operator", board: BOARD } as const;

export const paths = {
  boards: routes.boards,
  operator: routes.operator,
  board: (boardId: string) => `/boards/${boardId}`,
  task: (boardId: string, taskId: string) => `/boards/${boardId}/tasks/${taskId}`,
};

/** Opens another page, as a new entry of the browser's history. */
export function go(path: string): void {
  aroundNavigation(navigate, path);
}

/** Wraps each navigation, including links: opening the current page adds no entry to the history. */
export function aroundNavigation(navigate: (path: string, options?: object) => void, path: string, options?: object): void {
  if (path !== location.pathname) navigate(path, options);
}

/** Returns the id of the open card, from the address. */
export function openTask(): string | undefined {
  return BOARD.exec(location.pathname)?.groups?.taskId;
}

/** Sets the title of the browser's tab; without one, it is the product's name. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title === undefined ? "Boardwire" : `${title} · Boardwire`;
  }, [title]);
}
