/** A text of the card that is being written in this window: what is typed, what became of it, and a draft of it in the browser. */
import type { Edit, EditDraft, Task } from "@boardwire/client";
import { useEffect, useReducer, useRef, useState } from "react";
import { keepDraft, offerDraft } from "../../app/drafts";
import { notify } from "../../app/notices";
import { useSignedIn } from "../../app/signedIn";
import { useOpenBoard } from "../board/boardContext";

export type TextField = "title" | "description";

export interface TextEdit {
  /** There while somebody writes, and until it is saved. */
  edit: Edit<TextField> | undefined;
  /** Who else has changed the text meanwhile, so that it is not what the field shows. */
  who: string | undefined;
  begin: () => Edit<TextField>;
  /** The field has been left: the edit ends as soon as it is saved. */
  leave: () => void;
  /** In a conflict: what the text is to be. */
  decide: (text: string) => void;
}

/** Where the draft of a text is kept. */
export function placeOf(taskId: string, field: TextField): string {
  return `${field}/${taskId}`;
}

/** Edits whose drafts are kept already. */
const kept = new WeakSet<Edit<TextField>>();

export function useTextEdit(taskId: string, field: TextField): TextEdit {
  const { board, canWrite } = useOpenBoard();
  const { user } = useSignedIn();
  const [edit, setEdit] = useState<Edit<TextField>>();
  /** The same, known before the next rendering. */
  const held = useRef<Edit<TextField>>(undefined);
  const [isLeft, setLeft] = useState(false);
  const [who, setWho] = useState<string>();
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  const start = (draft?: EditDraft) => {
    if (held.current) return held.current;
    const started: Edit<TextField> = board.startEdit(taskId, field, draft);
    held.current = started;
    if (!kept.has(started)) {
      kept.add(started);
      const keep = () => keepDraft(user.id, placeOf(taskId, field), started.draft);
      keep();
      // Also after the card was closed, until there is nothing left to keep.
      started.onChange(keep);
    }
    setEdit(started);
    return started;
  };

  // What was not saved when the page was left is gone on with.
  useEffect(() => {
    if (edit !== undefined || !canWrite) return undefined;
    return offerDraft(user.id, placeOf(taskId, field), (draft) => {
      if (held.current !== undefined) return false;
      setLeft(true);
      start(draft as EditDraft);
      return true;
    });
  }, [canWrite]);

  useEffect(() => {
    if (edit === undefined) return;
    const stops = [
      edit.onChange(() => {
        edit.follow();
        redraw();
      }),
      board.onChange(({ type, data, own }) => {
        if (type !== "task:updated" || own) return;
        const { task, changes, updatedBy } = data as { task: Task; changes: Record<string, unknown>; updatedBy: string };
        if (task.id === taskId && field in changes) setWho(task[field] === edit.value ? undefined : updatedBy);
      }),
    ];
    return () => {
      stops.forEach((stop) => stop());
      void board.endEdit(edit);
    };
  }, [board, edit, taskId, field]);

  const isOver = edit?.state === "saved" && isLeft;
  useEffect(() => {
    if (!isOver) return;
    held.current = undefined;
    setEdit(undefined);
    setWho(undefined);
  }, [isOver]);

  const undo = (draft: EditDraft) => {
    if (held.current) return held.current.resume(draft);
    setLeft(true);
    start(draft);
  };

  return {
    edit,
    who,
    begin: () => {
      setLeft(false);
      return start();
    },
    leave: () => {
      setLeft(true);
      board.stopTyping();
      void held.current?.save();
    },
    decide: (text) => {
      const { draft, theirs } = edit ?? {};
      setWho(undefined);
      void edit?.decide(text);
      if (draft && text === theirs) notify(`Your ${field} was discarded.`, { action: { label: "Undo", run: () => undo(draft) } });
    },
  };
}
