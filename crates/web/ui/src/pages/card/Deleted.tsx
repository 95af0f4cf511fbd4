/** What stands for some seconds where something was that has been deleted. */
import { Undo2 } from "lucide-react";
import { takeBack } from "../../app/deletions";
import { Button } from "../../parts/Button";

export function Deleted({ id, what }: { id: string; what: string }) {
  return (
    <li className="deleted row spread">
      <span className="faint said" role="status">
        {what} is deleted.
      </span>
      <Button size="small" autoFocus onClick={() => takeBack(id)}>
        <Undo2 size={14} /> Undo
      </Button>
    </li>
  );
}
