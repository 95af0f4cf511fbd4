/** The bell: the user's notifications and how many are unread, in sync between tabs. */
import type { Notification } from "@boardwire/client";
import { AtSign, Bell, CheckCheck, Megaphone, SquareKanban } from "lucide-react";
import { useEffect, useReducer } from "react";
import { notifyError, notify } from "../app/notices";
import { go, openTask, paths } from "../app/router";
import { useSignedIn } from "../app/signedIn";
import { Ago } from "./Ago";
import { Button } from "./Button";
import { Popover } from "./Popover";

interface State {
  unread: number;
  /** Newest first. */
  list: readonly Notification[];
}

type Action =
  | { type: "loaded"; list: Notification[]; unread: number }
  | { type: "received"; list: readonly Notification[] }
  | { type: "read"; unread: number; ids: readonly string[] | undefined };

const MAX_SHOWN = 50;

function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "loaded":
      return { list: action.list, unread: action.unread };
    case "received": {
      const known = new Set(state.list.map(({ id }) => id));
      const fresh = action.list.filter(({ id }) => !known.has(id)).reverse();
      return { list: [...fresh, ...state.list].slice(0, MAX_SHOWN), unread: state.unread + fresh.length };
    }
    case "read": {
      const now = new Date().toISOString();
      const isRead = (id: string) => action.ids === undefined || action.ids.includes(id);
      const list = state.list.map((one) => (one.read_at === null && isRead(one.id) ? { ...one, read_at: now } : one));
      return { list, unread: action.unread };
    }
  }
}

export function Notifications() {
  const { client } = useSignedIn();
  const [{ unread, list }, dispatch] = useReducer(reduce, { unread: 0, list: [] });

  useEffect(() => {
    const load = () =>
      client.send("notification:list", { limit: MAX_SHOWN }).then(
        ({ notifications, unread }) => dispatch({ type: "loaded", list: notifications, unread }),
        () => {},
      );
    const receive = (notifications: readonly Notification[]) => {
      dispatch({ type: "received", list: notifications });
      const toShow = notifications.filter((one) => !isBeingRead(one));
      const [first] = toShow;
      if (first === undefined) return;
      const text = toShow.length > 1 ? `${toShow.length} new notifications` : first.text;
      notify(text, first.task_id !== null && first.board_id !== null ? { action: { label: "Show", run: open(first) } } : {});
    };
    let wasLive = false;
    const handleStatus = ({ state }: { state: string }) => {
      // The list contains notifications that came while there was no connection.
      if (state === "live" && !wasLive) void load();
      wasLive = state === "live";
    };
    const stops = [
      client.on("notification:task", ({ data }) => receive([data.notification])),
      client.on("notification:mention", ({ data }) => receive([data.notification])),
      client.on("notification:system", ({ data }) => receive([data.notification])),
      client.on("notifications:batch", ({ data }) => receive(data.notifications)),
      client.on("notification:read", ({ data }) => dispatch({ type: "read", unread: data.unread, ids: data.all ? undefined : (data.ids ?? []) })),
      client.onStatus(handleStatus),
    ];
    handleStatus(client.getStatus());
    return () => stops.forEach((stop) => stop());
  }, [client]);

  const markRead = (ids: readonly string[] | undefined) =>
    client.send("notification:read", ids === undefined ? { all: true } : { ids: [...ids] }).then(
      ({ unread }) => dispatch({ type: "read", unread, ids }),
      (error: unknown) => notifyError("The notifications could not be marked as read", error),
    );

  const count = unread > 99 ? "99+" : String(unread);
  const label = unread === 0 ? "Notifications" : `Notifications, ${count} unread`;
  const button = (
    <>
      <Bell size={18} />
      {unread > 0 && <span className="bell-count">{count}</span>}
    </>
  );
  return (
    <Popover icon label={label} className="bell" button={button}>
      {(close) => (
        <div className="bell-panel">
          <div className="row spread bell-head">
            <strong>Notifications</strong>
            <Button kind="quiet" size="small" disabled={unread === 0} onClick={() => void markRead(undefined)}>
              <CheckCheck size={15} /> Mark all as read
            </Button>
          </div>
          {list.length === 0 && <p className="bell-empty faint">Nothing yet. Mentions and changes to your cards appear here.</p>}
          <ul>
            {list.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  className="menu-item bell-item"
                  data-unread={one.read_at === null}
                  onClick={() => {
                    if (one.read_at === null) void markRead([one.id]);
                    if (one.board_id === null) return;
                    close();
                    open(one)();
                  }}
                >
                  {ICONS[one.kind]}
                  <span className="user-text">
                    {one.text}
                    <br />
                    <Ago className="faint" moment={one.created_at} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Popover>
  );
}

const ICONS = {
  task: <SquareKanban size={16} />,
  mention: <AtSign size={16} />,
  system: <Megaphone size={16} />,
};

/** Returns whether a notification is about the open card, and the page is visible. */
function isBeingRead({ task_id }: Notification): boolean {
  return task_id !== null && task_id === openTask() && !document.hidden;
}

const open =
  ({ board_id, task_id }: Notification) =>
  () => {
    if (board_id !== null) go(task_id === null ? paths.board(board_id) : paths.task(board_id, task_id));
  };
