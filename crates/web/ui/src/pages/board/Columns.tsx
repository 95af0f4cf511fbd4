/** The columns of a board, side by side. */
import type { Task } from "@boardwire/client";
import { DragDropContext, Draggable, Droppable } from "@hello-pangea/dnd";
import { Columns3, SearchX, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { useUnsavedTexts } from "../card/textEdit";
import { useOpenBoard } from "./boardContext";
import { CardFactsContext, useComputedCardFacts } from "./cardFacts";
import { Column } from "./Column";
import { COLUMN_TYPE, columnDraggableId, COLUMNS_DROPPABLE_ID, INSTRUCTIONS, useDragging } from "./dragging";
import { AUTO_SCROLL, SENSORS } from "./edge";
import { useFlipAnimation } from "./flipAnimation";
import { useKeyboardNavigation } from "./keyboardNavigation";
import { cardsOf } from "./moves";
import { NewColumn } from "./NewColumn";
import { useShownBoard } from "./shown";
import { useTouchForwarding } from "./touches";
import "../../styles/columns.css";
import "../../styles/card.css";

interface Props {
  /** Which cards are shown; `undefined` for all. */
  test: ((task: Task) => boolean) | undefined;
  onClearFilter: () => void;
}

/** The nonce with which the drag-and-drop library may add its styles. */
const nonce = document.querySelector<HTMLMetaElement>("meta[name=style-nonce]")?.nonce;

export function Columns({ test, onClearFilter }: Props) {
  const open = useOpenBoard();
  const { snapshot, board, canWrite, nameOf } = open;
  const { user } = useSignedIn();
  const [adding, setAdding] = useState<string>();
  const root = useRef<HTMLElement>(null);

  const live = useShownBoard(snapshot, test);
  const { shown, isDragging, responders } = useDragging(live, open);
  const keyboard = useKeyboardNavigation(root, live, open, setAdding);
  useFlipAnimation(root, board, live, isDragging);
  useTouchForwarding();
  useUnsavedTexts();
  const facts = useComputedCardFacts({ ...snapshot, nameOf, ownId: user.id });
  const [first] = snapshot.columns;
  useNewCardKey(canWrite && adding === undefined ? first?.id : undefined, setAdding);

  if (shown.columns.length === 0) {
    return (
      <main className="columns" ref={root}>
        <Empty icon={<Columns3 />} title="No columns yet">
          <p>
            {canWrite
              ? "Columns are the steps that work goes through, such as To do, In progress and Done."
              : "Members who can edit this board can add columns."}
          </p>
          {canWrite && <NewColumn />}
        </Empty>
      </main>
    );
  }
  if (test !== undefined && snapshot.tasks.size > 0 && shown.columns.every(({ id }) => cardsOf(shown, id).length === 0)) {
    return (
      <main className="columns" ref={root}>
        <Empty icon={<SearchX />} title="No matching cards">
          <Button onClick={onClearFilter}>
            <X size={16} /> Clear filters
          </Button>
        </Empty>
      </main>
    );
  }
  return (
    <CardFactsContext value={facts}>
      <DragDropContext
        {...responders}
        dragHandleUsageInstructions={INSTRUCTIONS}
        autoScrollerOptions={AUTO_SCROLL}
        sensors={SENSORS}
        enableDefaultSensors={false}
        {...(nonce ? { nonce } : {})}
      >
        <Droppable droppableId={COLUMNS_DROPPABLE_ID} type={COLUMN_TYPE} direction="horizontal">
          {({ innerRef, droppableProps, placeholder }) => (
            <main
              {...droppableProps}
              className="columns"
              ref={(element) => {
                root.current = element;
                innerRef(element);
              }}
            >
              {shown.columns.map((column, index) => (
                <Draggable key={column.id} draggableId={columnDraggableId(column.id)} index={index} isDragDisabled={!canWrite}>
                  {(provided, state) => (
                    <Column
                      column={column}
                      tasks={cardsOf(shown, column.id)}
                      total={snapshot.tasksByColumn.get(column.id)?.length ?? 0}
                      filtered={test !== undefined}
                      canWrite={canWrite}
                      adding={adding === column.id && canWrite}
                      keyboard={keyboard}
                      provided={provided}
                      state={state}
                    />
                  )}
                </Draggable>
              ))}
              {placeholder}
              {canWrite && <NewColumn />}
            </main>
          )}
        </Droppable>
      </DragDropContext>
    </CardFactsContext>
  );
}

/** The key `n` adds a card to the first column if nothing has the focus. */
function useNewCardKey(columnId: string | undefined, add: (columnId: string) => void): void {
  useEffect(() => {
    if (columnId === undefined) return;
    const pressed = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, defaultPrevented } = event;
      if (key !== "n" || ctrlKey || metaKey || altKey || defaultPrevented || document.activeElement !== document.body) return;
      event.preventDefault();
      add(columnId);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [columnId, add]);
}
