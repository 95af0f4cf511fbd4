/** The title, edited in place. */
import type { Task } from "@boardwire/client";
import { useRef, useState } from "react";
import { notify } from "../../app/notices";
import { useOpenBoard } from "../board/boardContext";
import { Clash } from "./Clash";
import { SaveError, useAuthorName } from "./Description";
import { useTextEdit } from "./textEdit";

const MAX_LENGTH = 500;

export function Title({ task }: { task: Task }) {
  const { board, canWrite } = useOpenBoard();
  const { edit, who, begin, leave, decide, resume } = useTextEdit(task.id, "title");
  const nameOf = useAuthorName();
  /** The title before it was edited. */
  const before = useRef<string>(undefined);
  /** Whether the field is empty, which is not saved: a card needs a title. The ref is set before the next rendering. */
  const [isEmpty, setEmpty] = useState(false);
  const emptied = useRef(false);
  /** Dismisses the notice that offers to undo Escape. */
  const endOffer = useRef<() => void>(undefined);
  if (!canWrite) return <h2 className="card-page-title user-text">{task.title}</h2>;

  const write = (text: string) => {
    endOffer.current?.();
    before.current ??= begin().value ?? task.title;
    emptied.current = text.trim() === "";
    setEmpty(emptied.current);
    board.typing(task.id);
    if (!emptied.current) begin().write(text);
  };
  /** A conflict is kept on Escape. */
  const isUndecided = edit?.state === "conflict";
  const restoreTitle = () => {
    const title = isUndecided ? edit.value : before.current;
    if (title != null) write(title);
  };
  return (
    <>
      <textarea
        className="card-page-title user-text"
        aria-label="Title"
        data-escape
        rows={1}
        maxLength={MAX_LENGTH}
        value={isEmpty ? "" : (edit?.value ?? task.title)}
        onFocus={() => {
          before.current = undefined;
          begin();
        }}
        onChange={({ target }) => write(target.value.replaceAll("\n", " "))}
        onBlur={() => {
          if (emptied.current) {
            notify("A card needs a title, so the old one was kept.");
            restoreTitle();
          }
          leave();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            event.currentTarget.blur();
          }
          if (event.key === "Escape") {
            event.preventDefault();
            const [typed, base] = [emptied.current ? undefined : edit?.value, before.current];
            restoreTitle();
            event.currentTarget.blur();
            if (isUndecided || typed == null || base === undefined || typed === base) return;
            const draft = { value: typed, base, version: task.version };
            endOffer.current = notify("Title restored.", { action: { label: "Undo", run: () => resume(draft) } });
          }
        }}
      />
      {edit?.state === "refused" && <p className="faint hint">Not saved: {edit.error?.message}</p>}
      {edit?.state === "unsaved" && edit.error && (
        <p className="faint hint">
          <SaveError error={edit.error} />
        </p>
      )}
      {edit?.theirs != null && <Clash what="title" who={nameOf(who)} mine={edit.value ?? ""} theirs={edit.theirs} onDecide={decide} />}
    </>
  );
}
