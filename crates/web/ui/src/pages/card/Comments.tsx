/** What people say about a task. */
import { newId, type Comment } from "@boardwire/client";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useDraft } from "../../app/drafts";
import { announce } from "../../app/notices";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { ago, inFull } from "../../app/time";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";
import { CommentField } from "./CommentField";
import type { Details } from "./details";
import { Markdown } from "./Markdown";

/** Where a comment on a task is kept that has not been sent. */
export function placeOfComment(taskId: string): string {
  return `comment/${taskId}`;
}

interface Props {
  taskId: string;
  details: Details;
  onPaste: (files: FileList) => void;
}

export function Comments({ taskId, details, onPaste }: Props) {
  const { client } = useSignedIn();
  const { board, canWrite } = useOpenBoard();
  const [draft, setDraft] = useDraft(placeOfComment(taskId));
  const [pending, setPending] = useState<readonly { id: string; body: string }[]>([]);

  const send = () => {
    const body = draft.trim();
    if (body === "" || !isOnline(client)) return;
    const id = newId();
    setDraft("");
    board.stopTyping();
    setPending((all) => [...all, { id, body }]);
    announce("Comment sent.");
    board
      .send("task:comment:add", { taskId, body, id })
      .catch(() => setDraft((since) => (since === "" ? body : `${body}\n\n${since}`)))
      .finally(() => setPending((all) => all.filter((one) => one.id !== id)));
  };
  const sent = new Set(details.comments.map(({ id }) => id));
  return (
    <>
      {details.state === "loading" && <div className="skeleton comment-skeleton" aria-busy="true" aria-label="Loading" />}
      {details.state === "here" && details.comments.length + pending.length === 0 && <p className="faint">Nobody has said anything yet.</p>}
      <ul className="comments">
        {details.comments.map((comment) => (
          <Said key={comment.id} comment={comment} />
        ))}
        {pending
          .filter(({ id }) => !sent.has(id))
          .map(({ id, body }) => (
            <li key={id} className="comment comment-pending">
              <Markdown text={body} />
            </li>
          ))}
      </ul>
      <Typists taskId={taskId} />
      {canWrite && <CommentField label="Comment" value={draft} taskId={taskId} onChange={setDraft} onSend={send} onPaste={onPaste} sendLabel="Comment" />}
    </>
  );
}

function Typists({ taskId }: { taskId: string }) {
  const { snapshot, nameOf } = useOpenBoard();
  const { user } = useSignedIn();
  const names = snapshot.typing.filter((typist) => typist.taskId === taskId && typist.userId !== user.id).map(({ userId }) => nameOf(userId));
  return (
    <p className="typists faint said" aria-live="polite" data-testid="typists">
      {names.length > 0 && `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}

function Said({ comment }: { comment: Comment }) {
  const { board, canWrite, nameOf, change } = useOpenBoard();
  const { user } = useSignedIn();
  const [draft, setDraft] = useState<string>();
  const own = comment.author === user.id && canWrite;
  const save = () => {
    const body = draft?.trim() ?? "";
    if (body === "") return;
    void change(() => board.send("task:comment:update", { commentId: comment.id, body })).then((saved) => saved && setDraft(undefined));
  };
  return (
    <li className="comment" data-testid="comment">
      <Avatar id={comment.author} name={nameOf(comment.author)} label="" />
      <div className="comment-said">
        <div className="row comment-head">
          <strong className="said">{nameOf(comment.author)}</strong>
          <time className="faint" dateTime={comment.created_at} title={inFull(comment.created_at)}>
            {ago(comment.created_at)}
            {comment.updated_at !== comment.created_at && ", changed"}
          </time>
          {own && draft === undefined && (
            <span className="comment-actions">
              <Button kind="quiet" size="small" icon label="Change the comment" onClick={() => setDraft(comment.body)}>
                <Pencil size={13} />
              </Button>
              <Button kind="danger" size="small" icon label="Delete the comment" onClick={() => void change(() => board.send("task:comment:delete", { commentId: comment.id }))}>
                <Trash2 size={13} />
              </Button>
            </span>
          )}
        </div>
        {draft === undefined ? (
          <Markdown text={comment.body} />
        ) : (
          <CommentField label="The comment" value={draft} taskId={comment.task_id} onChange={setDraft} onSend={save} onCancel={() => setDraft(undefined)} sendLabel="Save" autoFocus />
        )}
      </div>
    </li>
  );
}
