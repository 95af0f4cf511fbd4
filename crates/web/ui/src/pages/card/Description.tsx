/** The description: shown as Markdown, edited as text, and saved while it is typed. */
import type { Task } from "@boardwire/client";
import { Pencil } from "lucide-react";
import { reasonOf } from "../../app/reason";
import { useOnline, useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";
import { Clash } from "./Clash";
import { Markdown } from "./Markdown";
import { useTextEdit, type TextEdit } from "./textEdit";

const MAX_LENGTH = 20_000;

export function Description({ task }: { task: Task }) {
  const { canWrite } = useOpenBoard();
  const writing = useTextEdit(task.id, "description");
  return (
    <section className="card-section">
      <div className="row spread">
        <h3>Description</h3>
        {canWrite && !writing.edit && (
          <Button kind="quiet" size="small" onClick={() => writing.begin()}>
            <Pencil size={14} /> Edit
          </Button>
        )}
      </div>
      {writing.edit ? (
        <Field taskId={task.id} writing={writing} />
      ) : task.description.trim() === "" ? (
        <p className="faint">{canWrite ? "No description yet. What does someone need to know to take this on?" : "No description."}</p>
      ) : (
        <Markdown text={task.description} />
      )}
    </section>
  );
}

function Field({ taskId, writing: { edit, who, begin, leave, decide } }: { taskId: string; writing: TextEdit }) {
  const { board } = useOpenBoard();
  const nameOf = useAuthorName();
  const text = edit?.value ?? "";
  return (
    <>
      <textarea
        className="input description-field"
        aria-label="Description"
        data-escape
        value={text}
        maxLength={MAX_LENGTH}
        rows={6}
        autoFocus={edit?.draft === undefined}
        placeholder="Markdown: **bold**, - lists, - [ ] tasks, `code`, @user"
        onFocus={begin}
        onChange={({ target }) => {
          edit?.write(target.value);
          board.typing(taskId);
        }}
        onBlur={leave}
        onKeyDown={(event) => {
          if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
      <p className="faint hint" data-testid="description-state" data-state={edit?.state}>
        <SaveState writing={{ edit, who }} />
      </p>
      {edit?.theirs != null && <Clash what="description" who={nameOf(who)} mine={text} theirs={edit.theirs} both={edit.both ?? text} onDecide={decide} />}
    </>
  );
}

/** A line that says whether the text is saved. */
function SaveState({ writing: { edit, who } }: { writing: Pick<TextEdit, "edit" | "who"> }) {
  const online = useOnline();
  const nameOf = useAuthorName();
  switch (edit?.state) {
    case "conflict":
      return "Not saved: choose a version.";
    case "refused":
      return `Not saved: ${edit.error?.message ?? "the server refused it"}`;
    case "unsaved":
      if (!online) return "Not saved yet: it will be sent when the connection is back.";
      return edit.error ? <SaveError error={edit.error} /> : "Saving…";
    default:
      return who === undefined
        ? "Saved as you type. Press Ctrl+Enter or Escape to finish."
        : `${nameOf(who)} edited this while you were writing. Both versions were merged and saved; this field shows yours until you leave it.`;
  }
}

/** A line that says why a text is not saved yet. */
export function SaveError({ error }: { error: Error }) {
  return <>Not saved yet: {reasonOf(error)}. Retrying.</>;
}

/** Returns a function that names the other author, who may be the same user in another window. */
export function useAuthorName(): (who: string | undefined) => string {
  const { nameOf } = useOpenBoard();
  const { user } = useSignedIn();
  return (who) => (who === undefined ? "Someone" : who === user.id ? "You, in another window," : nameOf(who));
}
