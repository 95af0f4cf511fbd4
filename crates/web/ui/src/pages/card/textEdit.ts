/** A text of the card that is being written in this window: what is typed, what became of it, and a draft of it in the browser. */
import type { BoardStore, Edit, EditDraft, Task } from "@boardwire/client";
import { useEffect, useReducer, useRef, useState } from "react";
import { keepDraft, offerDraft, ownDrafts } from "../../app/drafts";
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
  /** Goes on from a draft, with the text as it is now: what was given up is wanted after all. */
  resume: (draft: EditDraft) => void;
}

/** Where the draft of a text is kept. */
export function placeOf(taskId: string, field: TextField): string {
  return `${field}/${taskId}`;
}

/** Edits whose drafts are kept already. */
const kept = new WeakSet<Edit<TextField>>();

/** Begins to write a text, and keeps a draft of it until there is nothing left to keep, also after the card was closed. */
function startKept(board: BoardStore, userId: string, taskId: string, field: TextField, draft?: EditDraft): Edit<TextField> {
  const edit: Edit<TextField> = board.startEdit(taskId, field, draft);
  if (!kept.has(edit)) {
    kept.add(edit);
    const keep = () => keepDraft(userId, placeOf(taskId, field), edit.draft);
    keep();
    edit.onChange(keep);
  }
  return edit;
}

/** What was not saved when the page was left is gone on with, whether its card is open or not. */
export function useUnsavedTexts(): void {
  const { board, canWrite, snapshot } = useOpenBoard();
  const { user } = useSignedIn();
  useEffect(() => {
    if (!canWrite) return;
    for (const [place, draft] of ownDrafts(user.id)) {
      const [field, taskId] = place.split("/") as [string, string];
      if ((field !== "title" && field !== "description") || !snapshot.tasks.has(taskId)) continue;
      void board.endEdit(startKept(board, user.id, taskId, field, draft as EditDraft));
    }
  }, [board, canWrite, user.id]);
}

export function useTextEdit(taskId: string, field: TextField): TextEdit {
  const { board, canWrite } = useOpenBoard();
  const { user } = useSignedIn();
  const [edit, setEdit] = useState<Edit<TextField>>();
  /** The same, known before the next rendering. */
  const held = useRef<Edit<TextField>>(undefined);
  const isShown = useRef(false);
  const [isLeft, setLeft] = useState(false);
  const [who, setWho] = useState<string>();
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  const start = (draft?: EditDraft) => {
    if (held.current) return held.current;
    const started = startKept(board, user.id, taskId, field, draft);
    held.current = started;
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

  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);

  const isOver = edit?.state === "saved" && isLeft;
  useEffect(() => {
    if (!isOver) return;
    held.current = undefined;
    setEdit(undefined);
    setWho(undefined);
  }, [isOver]);

  const resume = (draft: EditDraft) => {
    if (!isShown.current) held.current = undefined;
    if (held.current) {
      held.current.resume(draft);
      void held.current.save();
      return;
    }
    setLeft(true);
    const started = start(draft);
    // The card was closed: nobody writes there, and what is to be decided waits.
    if (!isShown.current) void board.endEdit(started);
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
      if (draft && text === theirs) notify(`Your ${field} was discarded.`, { action: { label: "Undo", run: () => resume(draft) } });
    },
    resume,
  };
}
