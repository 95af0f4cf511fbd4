/** A column's name, which can be edited in place and by which the column is dragged. */
import type { Column } from "@boardwire/client";
import type { DraggableProvidedDragHandleProps } from "@hello-pangea/dnd";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "./boardContext";

interface Props {
  column: Column;
  renaming: boolean;
  onRename: (renaming: boolean) => void;
  canWrite: boolean;
  handle: DraggableProvidedDragHandleProps | null;
}

export function ColumnName({ column, renaming, onRename, canWrite, handle }: Props) {
  const { board, change } = useOpenBoard();
  const heading = useFocusBack<HTMLHeadingElement>(renaming && canWrite);
  if (!renaming || !canWrite) {
    return (
      // The role stays that of a heading.
      <h2 ref={heading} {...handle} role={undefined} className="column-name user-text" title={column.name} onDoubleClick={() => canWrite && onRename(true)}>
        {column.name}
      </h2>
    );
  }
  const save = async (name: string) => {
    if (name !== "" && name !== column.name) {
      // A name that was refused, or can't be sent now, stays in the field.
      const saved = await change(() => board.send("column:update", { columnId: column.id, updates: { name } }));
      if (saved === undefined) return;
    }
    onRename(false);
  };
  return (
    <input
      className="input column-rename"
      aria-label={`New name for ${column.name}`}
      defaultValue={column.name}
      maxLength={500}
      autoFocus
      onFocus={({ target }) => target.select()}
      onBlur={({ target }) => void save(target.value.trim())}
      onKeyDown={({ key, currentTarget }) => {
        if (key === "Escape") currentTarget.value = column.name;
        if (key === "Enter" || key === "Escape") currentTarget.blur();
      }}
    />
  );
}
