/** The list of boards, and creating one. */
import type { AnyEnvelope, Board, ListedBoard } from "@boardwire/client";
import { newId } from "@boardwire/client";
import { Archive, LayoutGrid, Plus } from "lucide-react";
import { useCallback, useEffect, useState, type CSSProperties } from "react";
import { Link } from "wouter";
import { notifyError } from "../app/notices";
import { go, paths, useTitle } from "../app/router";
import { isOnline, useSignedIn } from "../app/signedIn";
import { Ago } from "../parts/Ago";
import { hue } from "../parts/Avatar";
import { Button } from "../parts/Button";
import { Empty } from "../parts/Empty";
import { FormDialog } from "../parts/FormDialog";
import { formText } from "../parts/formText";
import { Header } from "../parts/Header";
import "../styles/boards.css";

export function Boards() {
  const { client, user } = useSignedIn();
  useTitle("Boards");
  const [archived, setArchived] = useState(false);
  const [listed, setListed] = useState<{ archived: boolean; boards: readonly ListedBoard[] }>();
  /** When boards have changed since they were listed, from their events. */
  const [changedAt, setChangedAt] = useState<ReadonlyMap<string, string>>(new Map());
  const [creating, setCreating] = useState(false);

  const load = useCallback(
    () =>
      client.send("board:list", { archived }).then(
        ({ boards }) => setListed({ archived, boards }),
        (error: unknown) => notifyError("The boards can't be shown", error),
      ),
    [client, archived],
  );
  useEffect(() => {
    const onEvent = ({ type, boardId, seq, timestamp }: AnyEnvelope) => {
      // Presence and typing change no board: only events in its log have a `seq`.
      if (boardId === undefined || seq === undefined) return;
      setChangedAt((known) => new Map(known).set(boardId, timestamp));
      if (type.startsWith("board:")) void load();
    };
    const subscription = client.subscribe("*", {}, { onEvent, onReset: () => void load() });
    // After subscribing, so that nothing is missed in between.
    void load();
    return () => void subscription.close();
  }, [client, load]);

  // The other list is not shown while this one is loading.
  const boards = listed?.archived === archived ? listed.boards : undefined;
  const shown = boards?.filter((board) => board.archived === archived).sort((one, other) => one.name.localeCompare(other.name));
  const canCreate = user.permissions.some((permission) => permission === "write" || permission === "admin");
  return (
    <div className="page">
      <Header title={<h1 className="header-title">Boards</h1>}>
        {canCreate && (
          <Button kind="primary" onClick={() => setCreating(true)}>
            <Plus size={16} /> New board
          </Button>
        )}
      </Header>
      <main className="boards">
        <div className="segments" role="group" aria-label="Boards to show">
          {[false, true].map((value) => (
            <button key={String(value)} type="button" aria-pressed={archived === value} onClick={() => setArchived(value)}>
              {value ? "Archived" : "Active"}
            </button>
          ))}
        </div>
        {shown === undefined && (
          <ul className="board-grid" aria-busy="true" aria-label="Loading">
            {[0, 1, 2].map((at) => (
              <li key={at} className="skeleton board-tile-skeleton" />
            ))}
          </ul>
        )}
        {shown?.length === 0 && (
          <Empty icon={archived ? <Archive /> : <LayoutGrid />} title={archived ? "No archived boards" : "No boards yet"}>
            <p>{archived ? "Archived boards can be viewed and restored here." : "Create a board, or ask to be added to one. It appears here right away."}</p>
            {!archived && canCreate && (
              <Button kind="primary" onClick={() => setCreating(true)}>
                <Plus size={16} /> New board
              </Button>
            )}
          </Empty>
        )}
        <ul className="board-grid">
          {shown?.map((board) => (
            <li key={board.id}>
              <Link className="board-tile" href={paths.board(board.id)}>
                <span className="board-stripe" style={colour(board)} />
                <strong className="user-text">{board.name}</strong>
                <span className="board-about user-text">{board.description || "No description"}</span>
                <span className="faint board-when">
                  Updated <Ago moment={later(board.changed_at, changedAt.get(board.id))} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </main>
      {creating && <NewBoard onClose={() => setCreating(false)} />}
    </div>
  );
}

/** Returns the later time: a reply may be older than an event that arrived before it. */
function later(listed: string, fromEvent = listed): string {
  return fromEvent > listed ? fromEvent : listed;
}

/** Returns the board's colour if the browser knows it, otherwise one made from its id. */
function colour({ color, id }: Board): CSSProperties {
  const known = color !== null && CSS.supports("color", color);
  return { background: known ? color : `hsl(${hue(id)} 60% 55%)` };
}

function NewBoard({ onClose }: { onClose: () => void }) {
  const { client } = useSignedIn();
  const create = async (form: FormData) => {
    if (!isOnline(client)) return;
    const description = formText(form, "description");
    const { board } = await client.send("board:create", { id: newId(), name: formText(form, "name"), ...(description ? { description } : {}) });
    onClose();
    go(paths.board(board.id));
  };
  return (
    <FormDialog title="New board" width={440} saveLabel="Create board" onClose={onClose} onSave={create}>
      <label className="field">
        <span>Name</span>
        <input className="input" name="name" required maxLength={500} data-autofocus />
      </label>
      <label className="field">
        <span>Description</span>
        <textarea className="input" name="description" rows={3} maxLength={20_000} />
      </label>
    </FormDialog>
  );
}
