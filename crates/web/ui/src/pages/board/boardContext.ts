/** The open board, for every part of its page. */
import type { BoardSnapshot, BoardStore } from "@boardwire/client";
import { createContext, useContext } from "react";

export interface OpenBoard {
  board: BoardStore;
  snapshot: BoardSnapshot;
  /** Whether the user may change what is on the board: role, credential, and not archived. Says nothing of the connection. */
  canWrite: boolean;
  /** Whether the user may change the board itself. */
  isOwner: boolean;
  /** What a user is called; the id of one who is no member any more. */
  nameOf: (userId: string) => string;
  /** Runs a change if there is a connection, else says that nothing was changed. Refusals are shown by the page. */
  change: <Result>(run: () => Promise<Result>) => Promise<Result | undefined>;
}

export const BoardContext = createContext<OpenBoard | undefined>(undefined);

export function useOpenBoard(): OpenBoard {
  const open = useContext(BoardContext);
  if (open === undefined) throw new Error("this part belongs on a board");
  return open;
}
