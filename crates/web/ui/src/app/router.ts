/** Which page is shown: read from the address, changed by links. */
import { useSyncExternalStore, type MouseEvent } from "react";

export type Place =
  | { page: "boards" }
  | { page: "board"; boardId: string; taskId?: string }
  | { page: "operator" }
  | { page: "unknown" };

const listeners = new Set<() => void>();
const told = () => listeners.forEach((listener) => listener());
addEventListener("popstate", told);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function placeOf(path: string): Place {
  if (path === "/") return { page: "boards" };
  if (path === "/operator") return { page: "operator" };
  const [, boardId, taskId] = /^\/boards\/([A-Za-z0-9_-]{1,64})(?:\/tasks\/([A-Za-z0-9_-]{1,64}))?\/?$/.exec(path) ?? [];
  if (boardId === undefined) return { page: "unknown" };
  return taskId === undefined ? { page: "board", boardId } : { page: "board", boardId, taskId };
}

export const paths = {
  boards: "/",
  operator: "/operator",
  board: (boardId: string) => `/boards/${boardId}`,
  task: (boardId: string, taskId: string) => `/boards/${boardId}/tasks/${taskId}`,
};

/** Goes to another page, by default as a new step of the browser's history. */
export function go(path: string, how: "push" | "replace" = "push"): void {
  if (path === location.pathname) return;
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  told();
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** For links: a plain click stays in the page, any other is the browser's. */
export function follow(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(event.currentTarget.pathname);
}
