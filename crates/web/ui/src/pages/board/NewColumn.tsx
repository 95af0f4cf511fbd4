/** The form for a new column, after the others. */
import { newId } from "@boardwire/client";
import { Plus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useDraft } from "../../app/drafts";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "./boardContext";

export function NewColumn() {
  const { client } = useSignedIn();
  const { board } = useOpenBoard();
  const { text, setText, send } = useDraft(`column/${board.id}`, " ");
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
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = text.trim();
    // A name that can't be sent now stays in the field.
    if (name === "" || !isOnline(client)) return;
    send([name], async () => {
      await board.send("column:create", { boardId: board.id, id: newId(), name });
      form.scrollIntoView({ inline: "nearest" });
    });
  };
  const cancel = () => {
    setText("");
    setOpen(false);
  };
  return (
    <form
      className="new-column"
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && setOpen(false)}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (text === "" && document.hasFocus() && !currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <input
        className="input"
        value={text}
        onChange={({ target }) => setText(target.value)}
        aria-label="Name of the new column"
        placeholder="Column name"
        maxLength={500}
        autoComplete="off"
        autoFocus
      />
      <div className="row">
        <Button kind="primary" size="small" type="submit">
          Add column
        </Button>
        <Button kind="quiet" size="small" onClick={cancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
