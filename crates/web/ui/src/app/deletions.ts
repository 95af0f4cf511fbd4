/**
 * Deletions that can still be undone. What is deleted is hidden at once, and really deleted some seconds later, or when the page is
 * left. Drafts that are discarded are handled in the same way.
 */
import type { Client } from "@boardwire/client";
import { create } from "zustand";
import { authorization } from "./api";
import { complain } from "./notices";
import { isOnline } from "./signedIn";

interface Deletion {
  run: () => unknown;
  /** Does the same while the page is left. */
  leave: () => unknown;
  timer: ReturnType<typeof setTimeout>;
}

type Deletable = { kind: "comment"; id: string } | { kind: "attachment"; id: string; name: string };

const UNDO_MS = 8_000;

const useStore = create<{ waiting: ReadonlyMap<string, Deletion> }>(() => ({ waiting: new Map() }));

const waiting = () => useStore.getState().waiting;

/** Deletes a comment or a file unless that is undone in time. If it fails, a notice says so, and it is shown again. */
export function deleteSoon(client: Client, boardId: string, what: Deletable): void {
  if (!isOnline(client)) return;
  const { id } = what;
  const isComment = what.kind === "comment";
  const run = async () => {
    if (!isOnline(client)) return;
    // If the board is open by then, it shows the deletion.
    const door: Pick<Client, "send"> = client.board(boardId) ?? client;
    const sent = isComment ? door.send("task:comment:delete", { commentId: id }) : door.send("task:attachment:remove", { attachmentId: id });
    await sent.catch((error: unknown) => complain(isComment ? "The comment was not deleted" : `“${what.name}” was not deleted`, error));
  };
  // The connection of a page that is left would end before the reply.
  const path = `/api/v1/${isComment ? "comments" : "attachments"}/${id}`;
  const leave = () => fetch(path, { method: "DELETE", headers: authorization(), keepalive: true }).catch(() => undefined);
  wait(id, run, leave);
}

/** Discards the draft that is kept for a place unless that is undone in time. */
export function discardSoon(place: string, discard: () => void): void {
  wait(place, discard, discard);
}

function wait(id: string, run: Deletion["run"], leave: Deletion["leave"]): void {
  takeBack(id);
  const deletion = { run, leave, timer: setTimeout(() => void carryOut(id), UNDO_MS) };
  useStore.setState({ waiting: new Map([...waiting(), [id, deletion]]) });
}

/** Whether a command is one of these deletions, whose failure is reported here. */
export function isDeletion(command: string): boolean {
  return command === "task:comment:delete" || command === "task:attachment:remove";
}

export function takeBack(id: string): void {
  clearTimeout(waiting().get(id)?.timer);
  useStore.setState({ waiting: new Map([...waiting()].filter(([other]) => other !== id)) });
}

async function carryOut(id: string): Promise<void> {
  const deletion = waiting().get(id);
  clearTimeout(deletion?.timer);
  await deletion?.run();
  if (waiting().get(id) === deletion) takeBack(id);
}

/** Carries out all deletions that wait. */
export async function settleDeletions(): Promise<void> {
  await Promise.all([...waiting().keys()].map(carryOut));
}

/** How many of these are not being deleted. */
export function useStaying(all: readonly { id: string }[]): number {
  return useStore(({ waiting }) => all.filter(({ id }) => !waiting.has(id)).length);
}

/** Whether what has this id is being deleted. */
export function useDeletion(id: string): boolean {
  return useStore(({ waiting }) => waiting.has(id));
}

addEventListener("pagehide", () => {
  for (const [id, { leave }] of waiting()) {
    takeBack(id);
    void leave();
  }
});
