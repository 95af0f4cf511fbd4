/** The title, written in place. */
import type { Task } from "@boardwire/client";
import { useRef, useState } from "react";
import { notify } from "../../app/notices";
import { useOpenBoard } from "../board/boardContext";

const LONGEST = 500;

export function Title({ task }: { task: Task }) {
  const { board, canWrite } = useOpenBoard();
  /** What is in the field while it has the focus. */
  const [value, setValue] = useState<string>();
  const before = useRef(task.title);
  /** The same, known before the next rendering: leaving the field may follow a change at once. */
  const written = useRef(task.title);
  if (!canWrite) return <h2 className="card-page-title said">{task.title}</h2>;

  const write = (text: string) => {
    written.current = text;
    setValue(text);
    board.typing(task.id);
    if (text.trim() !== "") board.edit(task.id, "title", text);
  };
  const leave = () => {
    if (written.current.trim() === "") {
      notify("A card needs a title: the old one stays.");
      board.edit(task.id, "title", before.current);
    }
    setValue(undefined);
    board.stopTyping();
    void board.flush(task.id);
  };
  return (
    <textarea
      className="card-page-title said"
      aria-label="Title"
      rows={1}
      maxLength={LONGEST}
      value={value ?? task.title}
      onFocus={() => {
        before.current = task.title;
        written.current = task.title;
        setValue(task.title);
      }}
      onChange={({ target }) => write(target.value.replaceAll("\n", " "))}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.nativeEvent.isComposing) {
          event.preventDefault();
          event.currentTarget.blur();
        }
        if (event.key === "Escape") {
          event.preventDefault();
          write(before.current);
          event.currentTarget.blur();
        }
      }}
    />
  );
}
