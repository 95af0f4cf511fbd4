/** Hooks for React: a board and the connection, live. */
import { useCallback, useSyncExternalStore } from "react";
import type { BoardStore } from "./board/board.js";
import { EMPTY_SNAPSHOT, type BoardSnapshot } from "./board/snapshot.js";
import type { Client } from "./client.js";
import type { ConnectionInfo } from "./connection.js";

/** A board that is open while the component is mounted. `board` is missing until it is open. */
export function useBoard(client: Client, boardId: string): { snapshot: BoardSnapshot; board: BoardStore | undefined } {
  const subscribe = useCallback(
    (listener: () => void) => {
      const board = client.openBoard(boardId);
      const stop = board.subscribe(listener);
      return () => {
        stop();
        void board.close();
      };
    },
    [client, boardId],
  );
  const getSnapshot = useCallback(() => client.board(boardId)?.getSnapshot() ?? EMPTY_SNAPSHOT, [client, boardId]);
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, () => EMPTY_SNAPSHOT);
  return { snapshot, board: client.board(boardId) };
}

/** The status of the connection. */
export function useConnection(client: Client): ConnectionInfo {
  return useSyncExternalStore(client.onStatus, client.getStatus, client.getStatus);
}
