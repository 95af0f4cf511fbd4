/** The menu of a column: rename, limit, status, move, delete. */
import type { Column, Status } from "@boardwire/client";
import { ArrowLeft, ArrowRight, Gauge, MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { announce } from "../../app/notices";
import { FormDialog } from "../../parts/FormDialog";
import { formText } from "../../parts/formText";
import { Item, Separator, Menu } from "../../parts/Menu";
import { useOpenBoard } from "./boardContext";

interface Props {
  column: Column;
  total: number;
  onRename: () => void;
}

export function ColumnMenu({ column, total, onRename }: Props) {
  const { board, snapshot, change } = useOpenBoard();
  const [dialog, setDialog] = useState<"settings" | "delete">();
  const ids = snapshot.columns.map(({ id }) => id);
  const at = ids.indexOf(column.id);
  const move = (by: number) => {
    const columnIds = ids.filter((id) => id !== column.id).toSpliced(at + by, 0, column.id);
    void change(() => {
      announce(`${column.name} moved to position ${at + by + 1} of ${ids.length}.`);
      return board.send("column:reorder", { boardId: board.id, columnIds });
    });
  };
  return (
    <>
      <Menu icon size="small" label={`${column.name} menu`} button={<MoreHorizontal size={16} />}>
        <Item onSelect={onRename}>
          <Pencil size={16} /> Rename
        </Item>
        <Item onSelect={() => setDialog("settings")}>
          <Gauge size={16} /> Limit and status
        </Item>
        <Separator />
        <Item disabled={at <= 0} onSelect={() => move(-1)}>
          <ArrowLeft size={16} /> Move left
        </Item>
        <Item disabled={at >= ids.length - 1} onSelect={() => move(1)}>
          <ArrowRight size={16} /> Move right
        </Item>
        <Separator />
        <Item danger onSelect={() => setDialog("delete")}>
          <Trash2 size={16} /> Delete column
        </Item>
      </Menu>
      {dialog === "settings" && <Settings column={column} onClose={() => setDialog(undefined)} />}
      {dialog === "delete" && <Deletion column={column} total={total} onClose={() => setDialog(undefined)} />}
    </>
  );
}

const STATUSES: readonly [Status | "", string][] = [
  ["", "Keep their status"],
  ["todo", "To do"],
  ["in_progress", "In progress"],
  ["blocked", "Blocked"],
  ["done", "Done"],
];

function Settings({ column, onClose }: { column: Column; onClose: () => void }) {
  const { board, change } = useOpenBoard();
  const save = (form: FormData) => {
    const limit = formText(form, "limit");
    const status = formText(form, "status") as Status | "";
    const updates = { wip_limit: limit === "" ? null : Number(limit), status: status === "" ? null : status };
    void change(() => board.send("column:update", { columnId: column.id, updates }));
    onClose();
  };
  return (
    <FormDialog title={column.name} width={400} saveLabel="Save" onClose={onClose} onSave={save}>
      <label className="field">
        <span>Card limit</span>
        <input className="input" name="limit" type="number" min={1} max={100_000} placeholder="No limit" defaultValue={column.wip_limit ?? ""} data-autofocus />
      </label>
      <label className="field">
        <span>Status of cards moved here</span>
        <select className="input" name="status" defaultValue={column.status ?? ""}>
          {STATUSES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}

function Deletion({ column, total, onClose }: { column: Column; total: number; onClose: () => void }) {
  const { board, snapshot, change } = useOpenBoard();
  const others = snapshot.columns.filter(({ id }) => id !== column.id);
  const remove = (form: FormData) => {
    const to = formText(form, "to");
    void change(() => board.send("column:delete", { columnId: column.id, ...(to === "" ? {} : { moveTasksTo: to }) }));
    onClose();
  };
  return (
    <FormDialog
      title={`Delete “${column.name}”?`}
      width={420}
      saveLabel="Delete"
      danger
      disabled={total > 0 && others.length === 0}
      onClose={onClose}
      onSave={remove}
    >
      {total === 0 && <p>This column has no cards.</p>}
      {total > 0 && others.length > 0 && (
        <label className="field">
          <span>Move its {total === 1 ? "card" : `${total} cards`} to</span>
          <select className="input" name="to">
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {total > 0 && others.length === 0 && <p>This column has cards, and there is no other column to move them to.</p>}
    </FormDialog>
  );
}
