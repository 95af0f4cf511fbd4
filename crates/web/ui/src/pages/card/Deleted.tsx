/** Shown for some seconds in place of something that was deleted, with a button to undo that. */
import { Undo2 } from "lucide-react";
import { cancelDeletion } from "../../app/deletions";
import { Button } from "../../parts/Button";

interface Props {
  id: string;
  what: string;
  done?: string;
  as?: "li" | "div";
}

export function Deleted({ id, what, done = "deleted", as: Element = "li" }: Props) {
  return (
    <Element className="deleted row spread">
      <span className="faint user-text" role="status">
        {what} was {done}.
      </span>
      <Button size="small" autoFocus onClick={() => cancelDeletion(id)}>
        <Undo2 size={14} /> Undo
      </Button>
    </Element>
  );
}
