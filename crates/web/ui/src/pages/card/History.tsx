/** The history of a task, from the board's log: the latest first, live. */
import type { AnyEnvelope } from "@boardwire/client";
import { useCallback, useEffect, useEffectEvent, useState } from "react";
import { announce } from "../../app/notices";
import { reasonOf } from "../../app/reason";
import { useSignedIn } from "../../app/signedIn";
import { Ago } from "../../parts/Ago";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";
import { isAboutTask, textOf, wordsOf } from "./historyWords";

/** How many events of the board's log are read at a time. */
const WINDOW_SIZE = 500;
/** How many of these windows are searched at a time for events about the task. */
const MAX_WINDOWS = 8;
/** After how many events about the task a search ends. */
const ENOUGH_EVENTS = 15;
/** How long after a change the later events are loaded, in milliseconds. */
const DEBOUNCE_MS = 150;

interface LoadedHistory {
  /** Oldest first. */
  events: readonly AnyEnvelope[];
  /** All events after this one have been read, up to `to`. */
  from: number;
  to: number;
  /** Whether the log does not reach further back. */
  isTruncated: boolean;
}

export function History({ taskId }: { taskId: string }) {
  const { client } = useSignedIn();
  const { board, snapshot, nameOf } = useOpenBoard();
  const [loaded, setLoaded] = useState<LoadedHistory>();
  const [problem, setProblem] = useState<string>();

  const loadEvents = useCallback(
    async (since: number, limit: number) => {
      const { events, recovered } = await client.send("board:events", { boardId: board.id, since, limit });
      return { events: (events as unknown as AnyEnvelope[]).filter((event) => isAboutTask(event, taskId)), recovered };
    },
    [client, board, taskId],
  );
  /** Finds earlier events, in up to {@link MAX_WINDOWS} windows. */
  const search = useCallback(
    async (known: LoadedHistory) => {
      let { from, isTruncated } = known;
      let found: readonly AnyEnvelope[] = [];
      for (let window = 0; window < MAX_WINDOWS && from > 0 && !isTruncated && found.length < ENOUGH_EVENTS; window += 1) {
        const since = Math.max(0, from - WINDOW_SIZE);
        const { events, recovered } = await loadEvents(since, from - since);
        found = [...events, ...found];
        from = since;
        isTruncated = !recovered;
      }
      return { found, from, isTruncated };
    },
    [loadEvents],
  );
  const loadEarlier = useCallback(
    (known: LoadedHistory) =>
      search(known).then(
        // Later events may have been added meanwhile; a result that was requested twice is added once.
        ({ found, from, isTruncated }) =>
          setLoaded((now = known) => (now.from === known.from ? { ...now, events: [...found, ...now.events], from, isTruncated } : now)),
        (error: unknown) => setProblem(reasonOf(error)),
      ),
    [search],
  );
  const loadLater = useEffectEvent(async () => {
    if (loaded === undefined) return;
    const to = board.getSnapshot().seq;
    const { events } = await loadEvents(loaded.to, WINDOW_SIZE);
    setLoaded((now) => now && { ...now, events: [...now.events, ...events.filter(({ id }) => !now.events.some((one) => one.id === id))], to });
  });

  useEffect(() => {
    const { seq } = board.getSnapshot();
    void loadEarlier({ events: [], from: seq, to: seq, isTruncated: false });
  }, [board, loadEarlier]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = board.onChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void loadLater().catch(() => {}), DEBOUNCE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [board]);

  if (problem !== undefined) return <p className="problem">{problem}</p>;
  if (loaded === undefined) return <div className="skeleton comment-skeleton" aria-busy="true" aria-label="Loading" />;
  const context = { taskId, nameOf, columns: snapshot.columns, titleOf: (id: string) => snapshot.tasks.get(id)?.title ?? "a deleted card" };
  return (
    <>
      <ol className="history" data-testid="history">
        {[...loaded.events].reverse().map((event) => (
          <li key={event.id} className="history-line">
            <Avatar id={event.userId ?? "?"} name={nameOf(event.userId ?? "?")} size="small" label="" />
            <span className="user-text">
              <strong>{event.userId === undefined ? "Boardwire" : nameOf(event.userId)}</strong> {wordsOf(event, context)}{" "}
              <Ago className="faint" moment={event.timestamp} />
              <Text event={event} taskId={taskId} />
            </span>
          </li>
        ))}
      </ol>
      {loaded.isTruncated && <p className="faint">Earlier history is no longer available.</p>}
      {loaded.from > 0 && !loaded.isTruncated && (
        <Button kind="quiet" size="small" onClick={() => void loadEarlier(loaded)}>
          Show earlier
        </Button>
      )}
    </>
  );
}

/** The whole text that an event wrote. An earlier description can be restored. */
function Text({ event, taskId }: { event: AnyEnvelope; taskId: string }) {
  const { board, snapshot, canWrite, change } = useOpenBoard();
  const [open, setOpen] = useState(false);
  const written = textOf(event);
  if (written === undefined) return null;
  const { text, isDescription } = written;
  const restore = () =>
    void change(async () => {
      await board.updateTask(taskId, { description: text });
      announce("Description restored.");
    });
  return (
    <>
      <Button kind="quiet" size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide text" : "Show text"}
      </Button>
      {open && (
        <div className="history-text">
          {text === "" ? <p className="faint">Empty.</p> : <pre className="user-text">{text}</pre>}
          {isDescription && canWrite && (
            <Button size="small" disabled={text === snapshot.tasks.get(taskId)?.description} onClick={restore}>
              Restore this text
            </Button>
          )}
        </div>
      )}
    </>
  );
}
