/**
 * Deletions that can still be undone. A deleted item is hidden immediately, and deleted on the server some seconds later, or when
 * the page is left. Discarded drafts are handled in the same way.
 */
import type { Client } from "@boardwire/client";
import { create } from "zustand";
import { authorizationHeaders } from "./api";
import { notifyError } from "./notices";
import { isOnline } from "./signedIn";

interface Deletion {
  run: () => unknown;
  /** Does the same when the page is left, in a way that completes even after that. */
  runOnPageHide: () => unknown;
  timer: ReturnType<typeof setTimeout>;
}

type Deletable = { kind: "comment"; id: string } | { kind: "attachment"; id: string; name: string };

const UNDO_MS = 8_000;

const useStore = create<{ pending: ReadonlyMap<string, Deletion> }>(() => ({ pending: new Map() }));

const pending = () => useStore.getState().pending;

/** Deletes a comment or a file unless that is undone in time. If the deletion fails, a notice says so, and the item is shown again. */
export function deleteSoon(client: Client, boardId: string, item: Deletable): void {
  if (!isOnline(client)) return;
  const { id } = item;
  const isComment = item.kind === "comment";
  const run = async () => {
    if (!isOnline(client)) return;
    // If the board is open by then, it shows the deletion.
    const sender: Pick<Client, "send"> = client.board(boardId) ?? client;
    const sent = isComment ? sender.send("task:comment:delete", { commentId: id }) : sender.send("task:attachment:remove", { attachmentId: id });
    await sent.catch((error: unknown) => notifyError(isComment ? "The comment was not deleted" : `“${item.name}” was not deleted`, error));
  };
  // The connection of a page that is left would end before the reply.
  const path = `/api/v1/${isComment ? "comments" : "attachments"}/${id}`;
  const runOnPageHide = () => fetch(path, { method: "DELETE", headers: authorizationHeaders(), keepalive: true }).catch(() => undefined);
  schedule(id, run, runOnPageHide);
}

/** Discards a draft unless that is undone in time. */
export function discardSoon(draftId: string, discard: () => void): void {
  schedule(draftId, discard, discard);
}

function schedule(id: string, run: Deletion["run"], runOnPageHide: Deletion["runOnPageHide"]): void {
  cancelDeletion(id);
  const deletion = { run, runOnPageHide, timer: setTimeout(() => void execute(id), UNDO_MS) };
  useStore.setState({ pending: new Map([...pending(), [id, deletion]]) });
}

/** Returns whether a command is one of these deletions, whose failure is reported here. */
export function isDeletion(command: string): boolean {
  return command === "task:comment:delete" || command === "task:attachment:remove";
}

export function cancelDeletion(id: string): void {
  clearTimeout(pending().get(id)?.timer);
  useStore.setState({ pending: new Map([...pending()].filter(([other]) => other !== id)) });
}

async function execute(id: string): Promise<void> {
  const deletion = pending().get(id);
  clearTimeout(deletion?.timer);
  await deletion?.run();
  if (pending().get(id) === deletion) cancelDeletion(id);
}

/** Carries out all deletions that could still be undone. */
export async function executeAllDeletions(): Promise<void> {
  await Promise.all([...pending().keys()].map(execute));
}

/** Returns how many of these items are not being deleted. */
export function useRemainingCount(all: readonly { id: string }[]): number {
  return useStore(({ pending }) => all.filter(({ id }) => !pending.has(id)).length);
}

/** Returns whether the comment, file or draft with this id is being deleted. */
export function useIsBeingDeleted(id: string): boolean {
  return useStore(({ pending }) => pending.has(id));
}

addEventListener("pagehide", () => {
  for (const [id, { runOnPageHide }] of pending()) {
    cancelDeletion(id);
    void runOnPageHide();
  }
});
