/** A column: its header, its cards as a virtual list, and the form for new ones. */
import type { Column as ColumnOf, Task } from "@boardwire/client";
import {
  Draggable,
  Droppable,
  type DraggableProvided,
  type DraggableStateSnapshot,
  type DroppableProvided,
  type DroppableStateSnapshot,
} from "@hello-pangea/dnd";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Plus } from "lucide-react";
import { memo, useCallback, useEffect, useRef, useState } from "react";
import { Button } from "../../parts/Button";
import { Card } from "./Card";
import { ColumnMenu } from "./ColumnMenu";
import { ColumnName } from "./ColumnName";
import { dropStyle } from "./dragging";
import type { KeyboardNavigation } from "./keyboardNavigation";
import { NewCard } from "./NewCard";

interface Props {
  column: ColumnOf;
  /** The cards that are shown. */
  tasks: readonly Task[];
  /** How many cards there are, including those hidden by a filter. */
  total: number;
  filtered: boolean;
  canWrite: boolean;
  /** Whether the form for a new card is open. */
  adding: boolean;
  keyboard: KeyboardNavigation;
  provided: DraggableProvided;
  state: DraggableStateSnapshot;
}

export const Column = memo(function Column(props: Props) {
  const { column, tasks, total, filtered, canWrite, keyboard, provided, state } = props;
  const { innerRef, draggableProps, dragHandleProps } = provided;
  const [renaming, setRenaming] = useState(false);
  const limit = column.wip_limit;
  const fullness = limit === null || total < limit ? "free" : total === limit ? "full" : "over";
  const count = filtered ? `${tasks.length} of ${total}` : limit === null ? total : `${total} / ${limit}`;
  const countText = `${total} ${total === 1 ? "card" : "cards"}${limit === null ? "" : `, limit ${limit}`}${fullness === "over" ? ", over the limit" : ""}`;
  return (
    <section
      {...draggableProps}
      ref={innerRef}
      style={dropStyle(draggableProps.style, state)}
      className="column"
      aria-label={column.name}
      data-testid="column"
      data-column-id={column.id}
      data-dragging={state.isDragging}
    >
      <div className="column-head">
        <ColumnName column={column} renaming={renaming} onRename={setRenaming} canWrite={canWrite} handle={dragHandleProps} />
        <span className="count column-count" data-fullness={fullness} title={countText} data-testid="column-count">
          {count}
        </span>
        {canWrite && (
          <span className="column-tools">
            <Button kind="quiet" size="small" icon label={`New card in ${column.name}`} onClick={() => keyboard.add(column.id)}>
              <Plus size={16} />
            </Button>
            <ColumnMenu column={column} total={total} onRename={() => setRenaming(true)} />
          </span>
        )}
      </div>
      <Droppable
        droppableId={column.id}
        mode="virtual"
        isDropDisabled={!canWrite}
        renderClone={(provided, state, { draggableId }) => {
          const task = tasks.find(({ id }) => id === draggableId);
          return task ? <Card task={task} provided={provided} state={state} /> : <div ref={provided.innerRef} {...provided.draggableProps} />;
        }}
      >
        {(provided, state) => <Cards {...props} provided={provided} state={state} />}
      </Droppable>
    </section>
  );
});

/** The height of a card until it is measured, in pixels, and how many cards are rendered beyond the edge. */
const ESTIMATED_HEIGHT = 92;
const OVERSCAN = 5;
/** The height of the button for a new card, which covers the end of the list, in pixels. */
const FOOTER_HEIGHT = 44;

type CardsProps = Omit<Props, "provided" | "state"> & { provided: DroppableProvided; state: DroppableStateSnapshot };

function Cards({ column, tasks, filtered, canWrite, adding, keyboard, provided, state }: CardsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ESTIMATED_HEIGHT,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: OVERSCAN,
    scrollPaddingEnd: FOOTER_HEIGHT,
    // The size until it is measured: a list that is not visible yet needs one, too.
    initialRect: { width: 280, height: 640 },
  });
  useEffect(() => {
    keyboard.setScroll(column.id, (index) => virtual.scrollToIndex(index, { align: "auto" }));
    return () => keyboard.setScroll(column.id, undefined);
  }, [keyboard, column.id, virtual]);

  const { innerRef } = provided;
  const ref = useCallback(
    (element: HTMLDivElement | null) => {
      frame.current = element;
      innerRef(element);
    },
    [innerRef],
  );
  // The list that the dragged card comes from still contains it.
  const room = state.isUsingPlaceholder && state.draggingFromThisWith === null ? ESTIMATED_HEIGHT : 0;
  const isEmpty = tasks.length === 0 && !state.isDraggingOver && !adding;
  return (
    <div {...provided.droppableProps} ref={ref} className="cards" data-over={state.isDraggingOver}>
      <div className="cards-all" style={{ height: virtual.getTotalSize() + room }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const task = tasks[index];
          if (task === undefined) return null;
          return (
            <Draggable key={task.id} draggableId={task.id} index={index} isDragDisabled={!canWrite}>
              {(provided, state) => (
                <Card task={task} provided={provided} state={state} onKey={keyboard.onKey} index={index} top={start} measure={virtual.measureElement} />
              )}
            </Draggable>
          );
        })}
      </div>
      {isEmpty && <p className="cards-none">{filtered ? "No matching cards" : "No cards"}</p>}
      {canWrite && <NewCard column={column} open={adding} onOpen={(open) => keyboard.add(open ? column.id : undefined)} />}
    </div>
  );
}
