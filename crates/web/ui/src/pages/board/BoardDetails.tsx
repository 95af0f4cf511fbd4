/** The board's name, description and colour. */
import { useState, type FormEvent } from "react";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { useOpenBoard } from "./boardContext";
import { isOnline, useSignedIn } from "../../app/signedIn";

const COLOURS = ["#4f46e5", "#0284c7", "#0d9488", "#16a34a", "#ca8a04", "#ea580c", "#dc2626", "#c026d3"];

export function BoardDetails({ onClose }: { onClose: () => void }) {
  const { client } = useSignedIn();
  const { board, snapshot } = useOpenBoard();
  const [was] = useState(snapshot.board);
  const [color, setColor] = useState(was?.color ?? null);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isOnline(client)) return;
    const form = new FormData(event.currentTarget);
    const updates = { name: String(form.get("name")), description: String(form.get("description")), color };
    try {
      // Without writing over what somebody else has changed since the dialog was opened.
      await client.send("board:update", { boardId: board.id, updates, ...(was ? { expectedVersion: was.version } : {}) });
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title="Name and description" onClose={onClose} width={460}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        {problem !== undefined && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <label className="field">
          <span>Name</span>
          <input className="input" name="name" required maxLength={500} defaultValue={was?.name} data-autofocus />
        </label>
        <label className="field">
          <span>Description</span>
          <textarea className="input" name="description" rows={4} maxLength={20_000} defaultValue={was?.description} />
        </label>
        <fieldset className="swatches">
          <legend className="label">Colour</legend>
          {COLOURS.map((value) => (
            <button key={value} type="button" style={{ background: value }} aria-label={value} aria-pressed={color === value} onClick={() => setColor(value)} />
          ))}
        </fieldset>
        <div className="row actions">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" type="submit">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
