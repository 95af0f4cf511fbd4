/** A dialog with a form: its fields, an error message, and buttons to save and cancel. */
import { useState, type FormEvent, type ReactNode } from "react";
import { reasonOf } from "../app/reason";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Problem } from "./Problem";

interface Props {
  title: string;
  width: number;
  saveLabel: string;
  disabled?: boolean;
  /** Whether saving deletes something: then Cancel has the focus, so that pressing Enter deletes nothing. */
  danger?: boolean;
  onClose: () => void;
  /** Saves, and closes the dialog. An error that it throws is shown. */
  onSave: (form: FormData) => void | Promise<void>;
  children: ReactNode;
}

export function FormDialog({ title, width, saveLabel, disabled = false, danger = false, onClose, onSave, children }: Props) {
  const [problem, setProblem] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    try {
      await onSave(new FormData(event.currentTarget));
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
    <Dialog title={title} role={danger ? "alertdialog" : "dialog"} onClose={onClose} width={width}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Problem reason={problem} />
        {children}
        <div className="row actions">
          <Button kind={danger ? "plain" : "quiet"} onClick={onClose} data-autofocus={danger || undefined}>
            Cancel
          </Button>
          <Button kind={danger ? "danger" : "primary"} type="submit" disabled={disabled}>
            {saveLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
