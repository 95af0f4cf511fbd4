/** The board's name, description and colour. */
import { useState } from "react";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { FormDialog } from "../../parts/FormDialog";
import { formText } from "../../parts/formText";
import { useOpenBoard } from "./boardContext";

const COLOURS: readonly [string, string][] = [
  ["#4f46e5", "Indigo"],
  ["#0284c7", "Blue"],
  ["#0d9488", "Teal"],
  ["#16a34a", "Green"],
  ["#ca8a04", "Yellow"],
  ["#ea580c", "Orange"],
  ["#dc2626", "Red"],
  ["#c026d3", "Magenta"],
];

export function BoardDetails({ onClose }: { onClose: () => void }) {
  const { client } = useSignedIn();
  const { board, snapshot } = useOpenBoard();
  const [initial] = useState(snapshot.board);
  const [color, setColor] = useState(initial?.color ?? null);
  const save = async (form: FormData) => {
    if (!isOnline(client)) return;
    const updates = { name: formText(form, "name"), description: formText(form, "description"), color };
    // Does not overwrite what somebody else has changed since the dialog was opened.
    await client.send("board:update", { boardId: board.id, updates, ...(initial ? { expectedVersion: initial.version } : {}) });
    onClose();
  };
  return (
    <FormDialog title="Name and description" width={460} saveLabel="Save" onClose={onClose} onSave={save}>
      <label className="field">
        <span>Name</span>
        <input className="input" name="name" required maxLength={500} defaultValue={initial?.name} data-autofocus />
      </label>
      <label className="field">
        <span>Description</span>
        <textarea className="input" name="description" rows={4} maxLength={20_000} defaultValue={initial?.description} />
      </label>
      <fieldset className="swatches">
        <legend className="label">Colour</legend>
        {COLOURS.map(([value, name]) => (
          <button key={value} type="button" style={{ background: value }} aria-label={name} aria-pressed={color === value} onClick={() => setColor(value)} />
        ))}
      </fieldset>
    </FormDialog>
  );
}
