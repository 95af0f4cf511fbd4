/** The form for a new card in a column. It stays open for the next one; several lines that are pasted can become several cards. */
import type { Column } from "@boardwire/client";
import { Plus } from "lucide-react";
import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { useDraft } from "../../app/drafts";
import { announce } from "../../app/notices";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { useFocusBack } from "../../parts/focus";
import { useOpenBoard } from "./boardContext";

interface Props {
  column: Column;
  open: boolean;
  onOpen: (open: boolean) => void;
}

const MAX_LENGTH = 500;
/** Longer pastes are not offered as separate cards: they may be mistakes. */
const MAX_PASTED_LINES = 100;

export function NewCard({ column, open, onOpen }: Props) {
  const button = useFocusBack<HTMLButtonElement>(open);
  if (open) return <Form column={column} onClose={() => onOpen(false)} />;
  return (
    <div className="new-card">
      <Button ref={button} kind="quiet" className="new-card-button" onClick={() => onOpen(true)}>
        <Plus size={16} /> New card
      </Button>
    </div>
  );
}

function Form({ column: { id: columnId, name }, onClose }: { column: Column; onClose: () => void }) {
  const { client } = useSignedIn();
  const { board } = useOpenBoard();
  const { text: title, setText: setTitle, send } = useDraft(`card/${columnId}`, "\n");
  const [lines, setLines] = useState<readonly string[]>([]);
  const form = useRef<HTMLFormElement>(null);
  // New cards are at the end of the list.
  const toEnd = () => requestAnimationFrame(() => form.current?.parentElement?.scrollTo({ top: 1e9 }));
  useEffect(() => void toEnd(), []);

  const add = (titles: readonly string[]) => {
    // Text that can't be sent now stays in the field.
    if (titles.length === 0 || !isOnline(client)) return;
    setLines([]);
    announce(titles.length === 1 ? `“${titles[0]}” added to ${name}.` : `${titles.length} cards added to ${name}.`);
    send(titles, (text) => board.createTask({ columnId, title: text }));
    toEnd();
    form.current?.querySelector("textarea")?.focus();
  };
  const text = title.trim();
  // There are several lines if several cards were refused.
  const titles = text.split(/\s*\n\s*/).filter(Boolean);
  const addTyped = () => add(titles);
  const cancel = () => {
    setTitle("");
    onClose();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (!event.shiftKey) addTyped();
  };
  const pasted = (event: ClipboardEvent) => {
    const found = event.clipboardData.getData("text/plain").split(/[\r\n]+/);
    const titles = found.map((line) => line.trim().slice(0, MAX_LENGTH)).filter(Boolean);
    setLines(titles.length > 1 && titles.length <= MAX_PASTED_LINES ? titles : []);
  };
  return (
    <form
      ref={form}
      className="new-card"
      data-open
      onSubmit={(event) => {
        event.preventDefault();
        addTyped();
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (text === "" && document.hasFocus() && !currentTarget.contains(relatedTarget)) onClose();
      }}
    >
      <textarea
        className="input"
        aria-label={`Title of the new card in ${name}`}
        placeholder="What needs to be done?"
        rows={2}
        maxLength={MAX_LENGTH}
        value={title}
        autoFocus
        onChange={({ target: { value } }) => setTitle(titles.length > 1 ? value : value.replaceAll(/\s*[\r\n]+\s*/g, " "))}
        onKeyDown={pressed}
        onPaste={pasted}
      />
      <div className="row">
        <Button kind="primary" size="small" type="submit" disabled={text === ""}>
          {titles.length > 1 ? `Add ${titles.length} cards` : "Add card"}
        </Button>
        {lines.length > 1 && text !== "" && (
          <Button size="small" onClick={() => add(lines)}>
            Add {lines.length} cards, one per line
          </Button>
        )}
        <Button kind="quiet" size="small" onClick={cancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
