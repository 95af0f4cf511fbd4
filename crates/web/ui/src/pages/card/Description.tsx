/** The description: shown as Markdown, written as text. What is typed is saved as it is typed. */
import type { Task } from "@boardwire/client";
import { Pencil } from "lucide-react";
import { useEffect, useState } from "react";
import { useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";
import { Markdown } from "./Markdown";

const LONGEST = 20_000;

/** What somebody else made of the description while it was being written. */
interface Theirs {
  who: string;
  text: string;
}

export function Description({ task }: { task: Task }) {
  const { board, canWrite, nameOf } = useOpenBoard();
  const { user } = useSignedIn();
  const [value, setValue] = useState<string>();
  const [theirs, setTheirs] = useState<Theirs>();
  const editing = value !== undefined;

  useEffect(() => {
    if (!editing) return;
    return board.onChange(({ type, data, own }) => {
      if (type !== "task:updated" || own) return;
      const { task: changed, changes, updatedBy } = data as { task: Task; changes: Record<string, unknown>; updatedBy: string };
      if (changed.id === task.id && "description" in changes && updatedBy !== user.id) setTheirs({ who: updatedBy, text: changed.description });
    });
  }, [board, editing, task.id, user.id]);

  const leave = () => {
    setValue(undefined);
    board.stopTyping();
    void board.flush(task.id);
  };
  const write = (text: string) => {
    setValue(text);
    board.typing(task.id);
    board.edit(task.id, "description", text);
  };

  return (
    <section className="card-section">
      <div className="row spread">
        <h3>Description</h3>
        {canWrite && !editing && (
          <Button kind="quiet" size="small" onClick={() => setValue(task.description)}>
            <Pencil size={14} /> Edit
          </Button>
        )}
      </div>
      {editing ? (
        <>
          <textarea
            className="input description-field"
            aria-label="Description"
            value={value}
            maxLength={LONGEST}
            rows={6}
            autoFocus
            placeholder="Markdown: **bold**, - lists, - [ ] tasks, `code`, @user"
            onChange={({ target }) => write(target.value)}
            onBlur={leave}
            onKeyDown={(event) => {
              if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
              event.preventDefault();
              event.currentTarget.blur();
            }}
          />
          <p className="faint hint">Saved as you type. Ctrl+Enter or Escape ends it.</p>
        </>
      ) : task.description.trim() === "" ? (
        <p className="faint">{canWrite ? "Nothing yet. What does somebody need to know who takes this on?" : "No description."}</p>
      ) : (
        <Markdown text={task.description} />
      )}
      {theirs && (
        <div className="theirs" role="status">
          <p>
            <strong className="said">{nameOf(theirs.who)}</strong> changed this while you wrote. What you wrote is saved; this is what {nameOf(theirs.who)} had:
          </p>
          <pre className="said">{theirs.text}</pre>
          <div className="row">
            <Button
              size="small"
              onClick={() => {
                board.edit(task.id, "description", theirs.text);
                void board.flush(task.id);
                setValue(undefined);
                setTheirs(undefined);
              }}
            >
              Take theirs
            </Button>
            <Button kind="quiet" size="small" onClick={() => setTheirs(undefined)}>
              Keep mine
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}
