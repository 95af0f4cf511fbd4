/** Dragging cards and columns: announcements, and the moves that result. */
import type { BoardStore } from "@boardwire/client";
import type { DraggableStateSnapshot, DragStart, DragUpdate, DropResult, ResponderProvided } from "@hello-pangea/dnd";
import { useState, type CSSProperties } from "react";
import type { OpenBoard } from "./boardContext";
import { scrollToColumn } from "./edge";
import { cardsOf, targetAt, type ShownBoard } from "./moves";

/** Ids and types for the drag-and-drop library. The ids contain a colon, so that they differ from those of tasks and columns. */
export const COLUMNS_DROPPABLE_ID = ":columns";
export const COLUMN_TYPE = "column";
export const columnDraggableId = (columnId: string) => `:${columnId}`;

export const INSTRUCTIONS =
  "Press Space to lift, the arrow keys to move, Space to drop, and Escape to cancel. Enter opens a card; Alt with an arrow key moves it right away.";

/** The duration of the drop animation: almost zero, so that the move is sent immediately. */
const DROP_DURATION = "0.001s";

/** Returns the style from the library, with a shortened drop animation. */
export function dropStyle(style: object | undefined, { isDropAnimating }: DraggableStateSnapshot): CSSProperties {
  return isDropAnimating ? { ...style, transitionDuration: DROP_DURATION } : { ...style };
}

interface Dragging {
  /** The board as it is shown; during a drag, as it was at the start of the drag. */
  shown: ShownBoard;
  isDragging: boolean;
  responders: {
    onBeforeCapture: () => void;
    onDragStart: (start: DragStart, provided: ResponderProvided) => void;
    onDragUpdate: (update: DragUpdate, provided: ResponderProvided) => void;
    onDragEnd: (result: DropResult, provided: ResponderProvided) => void;
  };
}

export function useDragging(live: ShownBoard, { board, change }: OpenBoard): Dragging {
  const [frozen, setFrozen] = useState<ShownBoard>();
  const shown = frozen ?? live;
  return {
    shown,
    isDragging: frozen !== undefined,
    responders: {
      onBeforeCapture: () => setFrozen(live),
      onDragStart: (start, { announce }) => announce(`Lifted ${titleOf(shown, start)}. ${positionText(shown, start, start.source)}`),
      onDragUpdate: (update, { announce }) => announce(update.destination ? positionText(shown, update, update.destination) : "Not over a column."),
      onDragEnd(result, { announce }) {
        const { destination, source, reason } = result;
        setFrozen(undefined);
        const title = titleOf(shown, result);
        const stays = destination === null || (destination.droppableId === source.droppableId && destination.index === source.index);
        let outcome = `${title} was not moved. ${positionText(shown, result, source)}`;
        if (result.type !== COLUMN_TYPE) scrollToColumn((destination ?? source).droppableId);
        if (!stays && reason === "DROP") {
          // Runs immediately, or not at all without a connection.
          void change<unknown>(() => {
            outcome = `Dropped ${title}. ${positionText(shown, result, destination)}`;
            if (result.type !== COLUMN_TYPE) return moveCard(board, shown, result.draggableId, destination);
            return reorderColumns(board, shown, source.index, destination.index).finally(() => scrollToColumn(shown.columns[source.index]?.id ?? ""));
          });
        }
        announce(outcome);
      },
    },
  };
}

function moveCard(board: BoardStore, shown: ShownBoard, taskId: string, to: { droppableId: string; index: number }): Promise<unknown> {
  const others = cardsOf(shown, to.droppableId).filter(({ id }) => id !== taskId);
  const { tasks } = board.getSnapshot();
  const target = targetAt(to.droppableId, others, to.index, ({ id }) => tasks.get(id)?.column_id === to.droppableId);
  return board.moveTask(taskId, target);
}

function reorderColumns(board: BoardStore, shown: ShownBoard, from: number, to: number): Promise<unknown> {
  const ids = shown.columns.map(({ id }) => id);
  const columnIds = ids.toSpliced(from, 1).toSpliced(to, 0, ...ids.slice(from, from + 1));
  return board.send("column:reorder", { boardId: board.id, columnIds });
}

function titleOf(shown: ShownBoard, { type, source, draggableId }: DragStart): string {
  if (type === COLUMN_TYPE) return `the column “${shown.columns[source.index]?.name ?? ""}”`;
  const task = cardsOf(shown, source.droppableId).find(({ id }) => id === draggableId);
  return `“${task?.title ?? ""}”`;
}

/** Returns a position as text, counting the dragged item. */
function positionText(shown: ShownBoard, { type, source }: DragStart, { droppableId, index }: { droppableId: string; index: number }): string {
  if (type === COLUMN_TYPE) return `Position ${index + 1} of ${shown.columns.length}.`;
  const count = cardsOf(shown, droppableId).length + (droppableId === source.droppableId ? 0 : 1);
  const name = shown.columns.find(({ id }) => id === droppableId)?.name ?? "";
  return `Position ${index + 1} of ${count} in ${name}.`;
}
