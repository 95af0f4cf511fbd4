/** The comments on a task. */
import { merge, mergeAll, newId, type Comment } from "@boardwire/client";
import { Pencil, Trash2 } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { createStore, useStore } from "zustand";
import { deleteSoon, discardSoon, useIsBeingDeleted } from "../../app/deletions";
import { keepDraft, offerDraft, useDraft } from "../../app/drafts";
import { announce } from "../../app/notices";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Ago } from "../../parts/Ago";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "../board/boardContext";
import { Clash } from "./Clash";
import { CommentField } from "./CommentField";
import { Deleted } from "./Deleted";
import type { Details } from "./details";
import { Markdown } from "./Markdown";

/** Returns the id of the draft of a new comment on a task. */
export function commentDraftId(taskId: string): string {
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
  const draft = useDraft(commentDraftId(taskId), "\n\n");
  const [pending, setPending] = useState<readonly { id: string; body: string }[]>([]);

  const send = () => {
    const body = draft.text.trim();
    if (body === "" || !isOnline(client)) return;
    const id = newId();
    board.stopTyping();
    setPending((all) => [...all, { id, body }]);
    announce("Comment sent.");
    draft.send([body], () => board.send("task:comment:add", { taskId, body, id }).finally(() => setPending((all) => all.filter((one) => one.id !== id))));
  };
  const sent = new Set(details.comments.map(({ id }) => id));
  return (
    <>
      {details.state === "loading" && <div className="skeleton comment-skeleton" aria-busy="true" aria-label="Loading" />}
      {details.state === "loaded" && details.comments.length + pending.length === 0 && <p className="faint">No comments yet.</p>}
      <ul className="comments">
        {details.comments.map((comment) => (
          <CommentItem key={comment.id} comment={comment} />
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
      {canWrite && (
        <CommentField label="Comment" value={draft.text} taskId={taskId} onChange={draft.setText} onSend={send} onPaste={onPaste} sendLabel="Comment" />
      )}
    </>
  );
}

function Typists({ taskId }: { taskId: string }) {
  const { snapshot, nameOf } = useOpenBoard();
  const { user } = useSignedIn();
  const names = snapshot.typing.filter((typist) => typist.taskId === taskId && typist.userId !== user.id).map(({ userId }) => nameOf(userId));
  return (
    <p className="typists faint user-text" aria-live="polite" data-testid="typists">
      {names.length > 0 && `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}

/** The edited text of a comment, and the text from which the edit started. */
interface CommentEdit {
  value: string;
  from: string;
}

function CommentItem({ comment }: { comment: Comment }) {
  const { board, canWrite, nameOf, change } = useOpenBoard();
  const { client, user } = useSignedIn();
  const draftId = `changed-comment/${comment.id}`;
  const own = comment.author === user.id && canWrite;
  const [store] = useState(() => createStore<{ draft: CommentEdit | undefined; isClash: boolean }>(() => ({ draft: undefined, isClash: false })));
  const { draft, isClash } = useStore(store);
  /** Whether the field was closed with Escape, which keeps the draft. */
  const [isClosed, setClosed] = useState(false);
  const isDiscarded = useIsBeingDeleted(draftId);
  const isOpen = draft !== undefined && !isClosed && !isDiscarded;
  const isUnsaved = draft !== undefined && draft.value !== draft.from && !isDiscarded;
  const write = useCallback(
    (next: CommentEdit | undefined) => {
      store.setState(next === undefined ? { draft: undefined, isClash: false } : { draft: next });
      keepDraft(user.id, draftId, next);
    },
    [store, user.id, draftId],
  );
  // Continues the draft that was not saved when the card was closed.
  useEffect(() => {
    if (!own || isDiscarded) return undefined;
    return offerDraft(user.id, draftId, (kept) => {
      if (store.getState().draft !== undefined) return false;
      store.setState({ draft: kept as CommentEdit });
      return true;
    });
  }, [own, isDiscarded, store, user.id, draftId]);
  // The same text has been saved, for example before the card was closed and opened again.
  const isSaved = draft !== undefined && draft.from !== comment.body && draft.value.trim() === comment.body;
  useEffect(() => {
    if (isSaved) write(undefined);
  }, [isSaved, write]);
  const send = (sent: string, body: string) => {
    void change(() => board.send("task:comment:update", { commentId: comment.id, body })).then((saved) => {
      const value = store.getState().draft?.value;
      // Text typed since then is an edit of what was sent.
      if (saved) write(value === undefined || value === sent ? undefined : { value, from: sent.trim() });
    });
  };
  const save = () => {
    const mine = draft?.value.trim() ?? "";
    if (draft === undefined || mine === "") return;
    // The comment may have been edited in another window, or by a program, meanwhile.
    const body = merge(draft.from, mine, comment.body);
    store.setState({ isClash: body === undefined });
    if (body !== undefined) send(draft.value, body);
  };
  const discard = () => discardSoon(draftId, () => write(undefined));
  const begin = () => {
    setClosed(false);
    if (draft === undefined) write({ value: comment.body, from: comment.body });
  };
  const deleted = useIsBeingDeleted(comment.id);
  const editButton = useFocusBack<HTMLButtonElement>(isOpen || isDiscarded);
  const deleteButton = useFocusBack<HTMLButtonElement>(deleted);
  if (deleted) return <Deleted id={comment.id} what="The comment" />;
  return (
    <li className="comment" data-testid="comment">
      <Avatar id={comment.author} name={nameOf(comment.author)} label="" />
      <div className="comment-content">
        <div className="row comment-head">
          <strong className="user-text">{nameOf(comment.author)}</strong>
          <span className="faint comment-when">
            <Ago moment={comment.created_at} />
            {comment.updated_at !== comment.created_at && ", edited"}
            {isUnsaved && ", your edit is not saved"}
          </span>
          {own && !isOpen && (
            <span className="comment-actions">
              {!isDiscarded && (
                <Button ref={editButton} kind="quiet" size="small" icon label="Edit comment" onClick={begin}>
                  <Pencil size={13} />
                </Button>
              )}
              <Button
                ref={deleteButton}
                kind="danger"
                size="small"
                icon
                label="Delete comment"
                onClick={() => deleteSoon(client, board.id, { kind: "comment", id: comment.id })}
              >
                <Trash2 size={13} />
              </Button>
            </span>
          )}
        </div>
        {!isOpen ? (
          <>
            <Markdown text={comment.body} />
            {isDiscarded && <Deleted id={draftId} what="Your edit" done="discarded" as="div" />}
          </>
        ) : (
          <>
            <CommentField
              label="Edited comment"
              value={draft.value}
              taskId={comment.task_id}
              onChange={(value) => write({ ...draft, value })}
              onSend={save}
              onClose={() => (isUnsaved ? setClosed(true) : write(undefined))}
              onCancel={() => (isUnsaved ? discard() : write(undefined))}
              sendLabel="Save"
              autoFocus
            />
            {isClash && (
              <Clash
                what="comment"
                who="Someone"
                mine={draft.value}
                theirs={comment.body}
                both={mergeAll(draft.from, draft.value, comment.body)}
                onDecide={(value) => {
                  store.setState({ isClash: false });
                  if (value === comment.body) return discard();
                  write({ value, from: comment.body });
                  send(value, value);
                }}
              />
            )}
          </>
        )}
      </div>
    </li>
  );
}
