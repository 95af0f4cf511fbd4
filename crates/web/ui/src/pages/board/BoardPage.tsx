/** The page of a board: its bar, its columns, and the card that is open. */
import { conflictOf } from "@boardwire/client";
import { useBoard } from "@boardwire/client/react";
import { Lock } from "lucide-react";
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { isDeletion } from "../../app/deletions";
import { announce, notify } from "../../app/notices";
import { go, paths, useTitle } from "../../app/router";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Agents } from "../../parts/Avatar";
import { Empty } from "../../parts/Empty";
import { Header } from "../../parts/Header";
import { CardPage } from "../card/CardPage";
import { ArchivedBar, BoardBar, BoardTitle, HiddenByFilters } from "./BoardBar";
import { BoardContext, type OpenBoard } from "./boardContext";
import { Columns } from "./Columns";
import { NO_FILTER, taskTest } from "./filter";
import { useServerSearch } from "./useServerSearch";
import "../../styles/board.css";

interface Props {
  boardId: string;
  taskId: string | undefined;
}

export function BoardPage({ boardId, taskId }: Props) {
  const { client, user } = useSignedIn();
  const { snapshot, board } = useBoard(client, boardId);
  const [filter, setFilter] = useState(NO_FILTER);
  const { members, state } = snapshot;
  useTitle(snapshot.board?.name);

  // Tells others which card is open, and whether the page is visible.
  useEffect(() => {
    if (board === undefined) return;
    const updatePresence = () => board.setPresence(taskId, document.hidden ? "away" : "online");
    updatePresence();
    document.addEventListener("visibilitychange", updatePresence);
    return () => document.removeEventListener("visibilitychange", updatePresence);
  }, [board, taskId]);

  useEffect(
    () =>
      board?.onRefusal(({ command, payload, error }) => {
        if (isDeletion(command)) return;
        const text = `${REFUSED_CHANGES[command] ?? "The change"} was undone: ${error.message}`;
        announce(text);
        // Somebody else was first: their change is shown, and the notice offers to apply this one anyway.
        const applyAnyway = () => {
          const { taskId, updates } = payload as { taskId: string; updates: Parameters<typeof board.updateTask>[1] };
          void board.updateTask(taskId, updates, { force: true });
        };
        const isConflict = command === "task:update" && conflictOf(error) !== undefined;
        notify(text, { kind: "bad", ...(isConflict ? { action: { label: "Apply mine anyway", run: applyAnyway } } : {}) });
      }),
    [board],
  );

  const nameOf = useMemo(() => {
    const names = new Map(members.map(({ user_id, name }) => [user_id, name]));
    return (id: string) => names.get(id) ?? id;
  }, [members]);
  const agents = useMemo(() => new Set(members.filter(({ agent }) => agent).map(({ user_id }) => user_id)), [members]);
  const change = useCallback(async <Result,>(run: () => Promise<Result>) => (isOnline(client) ? run().catch(() => undefined) : undefined), [client]);
  const open = useMemo<OpenBoard | undefined>(() => {
    if (board === undefined) return undefined;
    const isAdmin = user.permissions.includes("admin");
    const role = members.find(({ user_id }) => user_id === user.id)?.role;
    const mayWrite = isAdmin || user.permissions.includes("write");
    return {
      board,
      snapshot,
      canWrite: mayWrite && (isAdmin || role === "member" || role === "owner") && snapshot.board?.archived === false,
      isOwner: mayWrite && (isAdmin || role === "owner"),
      nameOf,
      change,
    };
  }, [board, snapshot, members, user, nameOf, change]);
  const found = useServerSearch(boardId, filter.text);
  const test = useDeferredValue(useMemo(() => taskTest(filter, found), [filter, found]));

  if (state === "refused") {
    return (
      <div className="page">
        <Header />
        <main>
          <Empty icon={<Lock />} heading="h1" title="This board is not available">
            <p>It was deleted, or you are not a member of it. Its owner can add you.</p>
            <Link href={paths.boards}>Show your boards</Link>
          </Empty>
        </main>
      </div>
    );
  }
  if (open === undefined || snapshot.board === undefined) return <Loading />;
  return (
    <BoardContext value={open}>
      <Agents value={agents}>
        <div className="page" data-testid="board" data-state={state}>
          <Header title={<BoardTitle />}>
            <BoardBar filter={filter} onFilter={setFilter} />
          </Header>
          {snapshot.board.archived && <ArchivedBar />}
          <HiddenByFilters filter={filter} found={found} onFilter={setFilter} />
          <Columns test={test} onClearFilter={() => setFilter(NO_FILTER)} />
        </div>
        {taskId !== undefined && <CardPage key={taskId} taskId={taskId} onClose={() => go(paths.board(boardId))} />}
      </Agents>
    </BoardContext>
  );
}

/** What was undone, for the notice of a refused change, by command. */
const REFUSED_CHANGES: Partial<Record<string, string>> = {
  "task:create": "The new card",
  "task:move": "The move",
  "task:delete": "The deletion",
  "task:assign": "The assignment",
  "column:reorder": "The new order",
  "column:delete": "The deletion",
};

function Loading() {
  return (
    <div className="page">
      <Header />
      <main className="columns" aria-busy="true" aria-label="Loading the board">
        {[5, 3, 4].map((cards, at) => (
          <div key={at} className="column">
            <div className="column-head">
              <span className="skeleton loading-name" />
            </div>
            {Array.from({ length: cards }, (_, card) => (
              <div key={card} className="skeleton loading-card" />
            ))}
          </div>
        ))}
      </main>
    </div>
  );
}
