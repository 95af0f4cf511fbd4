/** The addresses of the pages, and how to go to one. Links are wouter's. */
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

/** Goes to another page, as a new step of the browser's history. */
export function go(path: string): void {
  aroundNavigation(navigate, path);
}

/** Around each navigation, those of links as well: the page that is shown already is no new step. */
export function aroundNavigation(navigate: (path: string, options?: object) => void, path: string, options?: object): void {
  if (path !== location.pathname) navigate(path, options);
}

/** The card that is open, as the address says. */
export function openTask(): string | undefined {
  return BOARD.exec(location.pathname)?.groups?.taskId;
}

/** Shows a title in the browser's tab; without one, the product's name alone. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title === undefined ? "Boardwire" : `${title} · Boardwire`;
  }, [title]);
}
