/** A new column, behind the others. */
import { newId } from "@boardwire/client";
import { Plus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Button } from "../../parts/Button";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "./boardContext";

export function NewColumn() {
  const { board, change } = useOpenBoard();
  const [open, setOpen] = useState(false);
  const button = useFocusBack<HTMLButtonElement>(open);
  if (!open) {
    return (
      <div className="new-column">
        <Button ref={button} kind="quiet" onClick={() => setOpen(true)}>
          <Plus size={16} /> Add column
        </Button>
      </div>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get("name")).trim();
    if (name === "") return;
    // What was refused, or can't be sent now, stays where it was written.
    const made = await change(() => board.send("column:create", { boardId: board.id, id: newId(), name }));
    if (made === undefined) return;
    form.reset();
    form.scrollIntoView({ inline: "nearest" });
  };
  return (
    <form
      className="new-column"
      onSubmit={(event) => void submit(event)}
      onKeyDown={({ key }) => key === "Escape" && setOpen(false)}
      onBlur={({ currentTarget, relatedTarget }) => {
        const isEmpty = new FormData(currentTarget).get("name") === "";
        if (isEmpty && document.hasFocus() && !currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <input className="input" name="name" aria-label="Name of the new column" placeholder="Name of the column" maxLength={500} autoComplete="off" autoFocus />
      <div className="row">
        <Button kind="primary" size="small" type="submit">
          Add column
        </Button>
        <Button kind="quiet" size="small" onClick={() => setOpen(false)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
