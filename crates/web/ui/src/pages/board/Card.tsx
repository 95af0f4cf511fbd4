/** A card on the board. */
import type { Task } from "@boardwire/client";
import type { DraggableProvided, DraggableStateSnapshot } from "@hello-pangea/dnd";
import { memo, useCallback, type KeyboardEvent } from "react";
import { Link } from "wouter";
import { paths } from "../../app/router";
import { CardFace } from "./CardFace";
import { dropStyle } from "./dragging";

interface Props {
  task: Task;
  provided: DraggableProvided;
  state: DraggableStateSnapshot;
  /** The index in its list; missing while the card is dragged. */
  index?: number;
  top?: number;
  measure?: (element: HTMLElement | null) => void;
  onKey?: (event: KeyboardEvent<HTMLElement>, task: Task) => void;
}

export const Card = memo(function Card({ task, provided, state, index, top, measure, onKey }: Props) {
  const { innerRef, draggableProps, dragHandleProps } = provided;
  const ref = useCallback(
    (element: HTMLElement | null) => {
      innerRef(element);
      measure?.(element);
    },
    [innerRef, measure],
  );
  const style = dropStyle(draggableProps.style, state);
  return (
    <div {...draggableProps} ref={ref} className="card-place" data-index={index} style={top === undefined ? style : { ...style, top }}>
      <Link
        {...dragHandleProps}
        // The role stays that of a link.
        role={undefined}
        className="card"
        href={paths.task(task.board_id, task.id)}
        draggable={false}
        onKeyDown={(event) => onKey?.(event, task)}
        data-testid="card"
        data-task-id={task.id}
        data-dragging={state.isDragging}
        data-done={task.status === "done"}
      >
        <CardFace task={task} />
      </Link>
    </div>
  );
});
