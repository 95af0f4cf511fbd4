/** The open board, for all components of its page. */
import type { BoardSnapshot, BoardStore } from "@boardwire/client";
import { createContext, useContext } from "react";

export interface OpenBoard {
  board: BoardStore;
  snapshot: BoardSnapshot;
  /** Whether the user may change cards and columns: by role and permissions, unless the board is archived. */
  canWrite: boolean;
  /** Whether the user may change the board itself. */
  isOwner: boolean;
  /** Returns the name of a member; the id of a user who is no longer one. */
  nameOf: (userId: string) => string;
  /** Runs a change if there is a connection, otherwise shows a notice. The page shows refusals. */
  change: <Result>(run: () => Promise<Result>) => Promise<Result | undefined>;
}

export const BoardContext = createContext<OpenBoard | undefined>(undefined);

export function useOpenBoard(): OpenBoard {
  const open = useContext(BoardContext);
  if (open === undefined) throw new Error("this component needs an open board");
  return open;
}
