/** The comments and attachments of a task, which are not part of the board's snapshot. Loaded when the card opens, then kept live. */
import type { Attachment, BoardwireError, Comment } from "@boardwire/client";
import { useEffect, useState } from "react";
import { useSignedIn } from "../../app/signedIn";
import { useOpenBoard } from "../board/boardContext";

export interface Details {
  state: "loading" | "loaded" | "notFound";
  /** Oldest first. */
  comments: readonly Comment[];
  attachments: readonly Attachment[];
}

interface ChangeData {
  comment?: Comment;
  commentId?: string;
  attachment?: Attachment;
  attachmentId?: string;
}

const LOADING: Details = { state: "loading", comments: [], attachments: [] };

export function useDetails(taskId: string): Details {
  const { client } = useSignedIn();
  const { board } = useOpenBoard();
  const [details, setDetails] = useState(LOADING);

  useEffect(() => {
    let isClosed = false;
    /** Changes that arrive while the details are loading. The reply may contain them or not; they are applied in any case. */
    let meanwhile: ChangeData[] | undefined;
    const load = () => {
      const since: ChangeData[] = [];
      meanwhile = since;
      client.send("task:get", { taskId }).then(
        ({ comments, attachments }) => {
          if (isClosed || meanwhile !== since) return;
          meanwhile = undefined;
          setDetails(since.reduce((all, change) => applyChange(all, change, taskId), { state: "loaded", comments, attachments } as Details));
        },
        ({ code }: BoardwireError) => {
          if (!isClosed && code === "NOT_FOUND") setDetails((all) => ({ ...all, state: "notFound" }));
        },
      );
    };
    const stops = [
      board.onReset(load),
      board.onChange(({ type, data }) => {
        if (!type.startsWith("task:comment:") && !type.startsWith("task:attachment:")) return;
        const change = (data ?? {}) as ChangeData;
        meanwhile?.push(change);
        setDetails((all) => applyChange(all, change, taskId));
      }),
    ];
    load();
    return () => {
      isClosed = true;
      stops.forEach((stop) => stop());
    };
  }, [client, board, taskId]);
  return details;
}

/** Applies a change: adds or replaces an entity, or removes the one with an id. */
function applyChange(all: Details, { comment, commentId, attachment, attachmentId }: ChangeData, taskId: string): Details {
  let { comments, attachments } = all;
  if (comment?.task_id === taskId) comments = upsert(comments, comment);
  else if (commentId !== undefined) comments = comments.filter(({ id }) => id !== commentId);
  if (attachment?.task_id === taskId) attachments = upsert(attachments, attachment);
  else if (attachmentId !== undefined) attachments = attachments.filter(({ id }) => id !== attachmentId);
  return { ...all, comments, attachments };
}

function upsert<Item extends { id: string }>(items: readonly Item[], item: Item): readonly Item[] {
  const at = items.findIndex(({ id }) => id === item.id);
  return at < 0 ? [...items, item] : items.with(at, item);
}
