/** Editing a text of a card in this window: its edit in the client, and a draft of it in the browser. */
import type { BoardStore, Edit, EditDraft, Task } from "@boardwire/client";
import { useCallback, useEffect, useEffectEvent, useReducer, useRef, useState } from "react";
import { createStore, useStore } from "zustand";
import { keepDraft, offerDraft, ownDrafts } from "../../app/drafts";
import { notify } from "../../app/notices";
import { useSignedIn } from "../../app/signedIn";
import { useOpenBoard } from "../board/boardContext";

export type TextField = "title" | "description";

/** The state of the edit. It is in a store, so that changes take effect before the next rendering. */
interface TextEditState {
  edit: Edit<TextField> | undefined;
  /** Whether the field was left. */
  isLeft: boolean;
  who: string | undefined;
}

export interface TextEdit {
  /** Set while the user is editing, and until everything is saved. */
  edit: Edit<TextField> | undefined;
  /** The id of the user who has changed the text meanwhile, so that the field does not show the latest version. */
  who: string | undefined;
  begin: () => Edit<TextField>;
  /** Call it on blur: the edit ends as soon as it is saved. */
  leave: () => void;
  /** Ends a conflict with the text that the user has chosen. */
  decide: (text: string) => void;
  /** Continues from a draft that was discarded, with the text as it is now. */
  resume: (draft: EditDraft) => void;
}

/** Returns the id of the draft of a text. */
export function textDraftId(taskId: string, field: TextField): string {
  return `${field}/${taskId}`;
}

/** The edits whose drafts are kept already. */
const editsWithDraft = new WeakSet<Edit<TextField>>();

/** Starts an edit, and keeps its draft until everything is saved, also after the card is closed. */
function startEditWithDraft(board: BoardStore, userId: string, taskId: string, field: TextField, draft?: EditDraft): Edit<TextField> {
  const edit: Edit<TextField> = board.startEdit(taskId, field, draft);
  if (!editsWithDraft.has(edit)) {
    editsWithDraft.add(edit);
    const keep = () => keepDraft(userId, textDraftId(taskId, field), edit.draft);
    keep();
    edit.onChange(keep);
  }
  return edit;
}

/** Continues all edits that were not saved when the page was left, whether their cards are open or not. */
export function useUnsavedTexts(): void {
  const { board, canWrite, snapshot } = useOpenBoard();
  const { user } = useSignedIn();
  const isOnBoard = useEffectEvent((taskId: string) => snapshot.tasks.has(taskId));
  useEffect(() => {
    if (!canWrite) return;
    for (const [draftId, draft] of ownDrafts(user.id)) {
      const [field, taskId] = draftId.split("/") as [string, string];
      if ((field !== "title" && field !== "description") || !isOnBoard(taskId)) continue;
      void board.endEdit(startEditWithDraft(board, user.id, taskId, field, draft as EditDraft));
    }
  }, [board, canWrite, user.id]);
}

export function useTextEdit(taskId: string, field: TextField): TextEdit {
  const { board, canWrite } = useOpenBoard();
  const { user } = useSignedIn();
  const [store] = useState(() => createStore<TextEditState>(() => ({ edit: undefined, isLeft: false, who: undefined })));
  const { edit, isLeft, who } = useStore(store);
  const isShown = useRef(false);
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  const start = useCallback(
    (draft?: EditDraft) => {
      const edit = store.getState().edit ?? startEditWithDraft(board, user.id, taskId, field, draft);
      store.setState({ edit });
      return edit;
    },
    [store, board, user.id, taskId, field],
  );

  // Continues the edit that was not saved when the page was left.
  useEffect(() => {
    if (!canWrite) return undefined;
    return offerDraft(user.id, textDraftId(taskId, field), (draft) => {
      if (store.getState().edit !== undefined) return false;
      store.setState({ isLeft: true });
      start(draft as EditDraft);
      return true;
    });
  }, [canWrite, store, user.id, taskId, field, start]);

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
        if (task.id === taskId && field in changes) store.setState({ who: task[field] === edit.value ? undefined : updatedBy });
      }),
    ];
    return () => {
      stops.forEach((stop) => stop());
      void board.endEdit(edit);
    };
  }, [store, board, edit, taskId, field]);

  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);

  const isOver = edit?.state === "saved" && isLeft;
  useEffect(() => {
    if (isOver) store.setState({ edit: undefined, who: undefined });
  }, [isOver, store]);

  const resume = (draft: EditDraft) => {
    if (!isShown.current) store.setState({ edit: undefined });
    const { edit } = store.getState();
    if (edit) {
      edit.resume(draft);
      void edit.save();
      return;
    }
    store.setState({ isLeft: true });
    const started = start(draft);
    // The card is closed, so nobody edits the text. A conflict stays until the card is opened.
    if (!isShown.current) void board.endEdit(started);
  };

  return {
    edit,
    who,
    begin: () => {
      store.setState({ isLeft: false });
      return start();
    },
    leave: () => {
      store.setState({ isLeft: true });
      board.stopTyping();
      void store.getState().edit?.save();
    },
    decide: (text) => {
      const { draft, theirs } = edit ?? {};
      store.setState({ who: undefined });
      void edit?.decide(text);
      if (draft && text === theirs) notify(`Your ${field} was discarded.`, { action: { label: "Undo", run: () => resume(draft) } });
    },
    resume,
  };
}
