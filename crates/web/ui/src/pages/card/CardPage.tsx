/** The page of a card, with everything about its task. */
import type { Task } from "@boardwire/client";
import { Check, Trash2, X } from "lucide-react";
import { useState, type DragEvent } from "react";
import { useRemainingCount } from "../../app/deletions";
import { useLeftoverTexts } from "../../app/drafts";
import { announce } from "../../app/notices";
import { useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Empty } from "../../parts/Empty";
import { useOpenBoard } from "../board/boardContext";
import { Attachments, useUploads } from "./Attachments";
import { Comments, commentDraftId } from "./Comments";
import { Dependencies } from "./Dependencies";
import { Description } from "./Description";
import { useDetails } from "./details";
import { History } from "./History";
import { Properties } from "./Properties";
import { textDraftId } from "./textEdit";
import { Title } from "./Title";
import "../../styles/card-page.css";

interface Props {
  taskId: string;
  onClose: () => void;
}

export function CardPage({ taskId, onClose }: Props) {
  const { snapshot } = useOpenBoard();
  const task = snapshot.tasks.get(taskId);
  return task ? <OpenCard task={task} onClose={onClose} /> : <CardNotFound taskId={taskId} onClose={onClose} />;
}

function CardNotFound({ taskId, onClose }: Props) {
  const drafts = useLeftoverTexts([textDraftId(taskId, "title"), textDraftId(taskId, "description"), commentDraftId(taskId)]);
  return (
    <Dialog title="Card not found" onClose={onClose} width={460}>
      <Empty title="This card does not exist">
        <p>It was deleted, or it was never on this board.</p>
        {drafts.map((draft) => (
          <label key={draft} className="field">
            <span>Your unsent text</span>
            <textarea className="input" readOnly rows={4} value={draft} />
          </label>
        ))}
        <Button kind="primary" onClick={onClose}>
          Back to the board
        </Button>
      </Empty>
    </Dialog>
  );
}

function OpenCard({ task, onClose }: { task: Task; onClose: () => void }) {
  const { board, snapshot, canWrite, change } = useOpenBoard();
  const details = useDetails(task.id);
  const comments = useRemainingCount(details.comments);
  const { uploads, upload } = useUploads(task.id);
  const [over, setOver] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [tab, setTab] = useState<"comments" | "history">("comments");
  const column = snapshot.columns.find(({ id }) => id === task.column_id);

  const complete = () => {
    announce(`“${task.title}” is done.`);
    void change(() => board.complete(task.id));
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    upload(event.dataTransfer.files);
  };
  const accepts = (event: DragEvent) => canWrite && event.dataTransfer.types.includes("Files");

  const head = (
    <div className="dialog-head card-head">
      <span className="faint user-text">{column?.name}</span>
      <span className="row">
        <OtherViewers taskId={task.id} />
        {canWrite && task.status !== "done" && (
          <Button size="small" onClick={complete}>
            <Check size={15} /> Complete
          </Button>
        )}
        {canWrite && (
          <Button kind="danger" icon size="small" label="Delete card" onClick={() => setDeleting(true)}>
            <Trash2 size={16} />
          </Button>
        )}
        <Button kind="quiet" icon size="small" label="Close" onClick={onClose}>
          <X size={18} />
        </Button>
      </span>
    </div>
  );

  return (
    <Dialog title={task.title} head={head} onClose={onClose} width={920} className="card-page" returnTo={() => elementOnBoard(task)}>
      <div
        className="card-body"
        data-testid="card-page"
        data-over={over}
        onDragOver={(event) => {
          if (!accepts(event)) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => accepts(event) && dropped(event)}
      >
        <div className="card-main">
          <Title task={task} />
          <Description task={task} />
          <Dependencies task={task} />
          <Attachments attachments={details.attachments} uploads={uploads} onUpload={upload} />
          <section className="card-section">
            <div className="segments" role="group" aria-label="Activity">
              <button type="button" aria-pressed={tab === "comments"} onClick={() => setTab("comments")}>
                Comments {comments > 0 && `(${comments})`}
              </button>
              <button type="button" aria-pressed={tab === "history"} onClick={() => setTab("history")}>
                History
              </button>
            </div>
            {tab === "comments" ? <Comments taskId={task.id} details={details} onPaste={upload} /> : <History taskId={task.id} />}
          </section>
        </div>
        <Properties task={task} />
      </div>
      {deleting && (
        <Dialog
          title="Delete this card?"
          role="alertdialog"
          width={400}
          onClose={() => setDeleting(false)}
          foot={
            <>
              <Button data-autofocus onClick={() => setDeleting(false)}>
                Cancel
              </Button>
              <Button
                kind="danger"
                onClick={() =>
                  void change(async () => {
                    onClose();
                    await board.deleteTask(task.id);
                  })
                }
              >
                Delete
              </Button>
            </>
          }
        >
          <p>Its comments, files and dependencies will be deleted too. This can't be undone.</p>
        </Dialog>
      )}
    </Dialog>
  );
}

/** Returns the card on the board; if it is gone, the first one in its column, or the column's name. */
function elementOnBoard({ id, column_id }: Task): HTMLElement | null {
  const column = `[data-column-id="${CSS.escape(column_id)}"]`;
  const selectors = [`[data-task-id="${CSS.escape(id)}"]`, `${column} [data-task-id]`, `${column} h2`];
  return selectors.map((selector) => document.querySelector<HTMLElement>(selector)).find((element) => element !== null) ?? null;
}

/** The other users who have the card open, by name: avatars are on the board. */
function OtherViewers({ taskId }: { taskId: string }) {
  const { snapshot } = useOpenBoard();
  const { user } = useSignedIn();
  const names = snapshot.viewers.filter((viewer) => viewer.taskId === taskId && viewer.userId !== user.id).map(({ name }) => name);
  if (names.length === 0) return null;
  return (
    <span className="also-here user-text" data-testid="also-here">
      {names.join(", ")} {names.length === 1 ? "is" : "are"} viewing
    </span>
  );
}
