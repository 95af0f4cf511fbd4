/** Where a comment is written: Markdown, with the members offered after an `@`. */
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";

interface Props {
  label: string;
  value: string;
  taskId: string;
  sendLabel: string;
  autoFocus?: boolean;
  onChange: (text: string) => void;
  onSend: () => void;
  onCancel?: () => void;
  onPaste?: (files: FileList) => void;
}

const LONGEST = 20_000;
const MOST = 6;
/** The beginning of a mention, right before the cursor. */
const BEGUN = /(?<![A-Za-z0-9_@-])@([A-Za-z0-9_-]*)$/;

export function CommentField({ label, value, taskId, sendLabel, autoFocus = false, onChange, onSend, onCancel, onPaste }: Props) {
  const { board, snapshot } = useOpenBoard();
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const [begun, setBegun] = useState<string>();
  const [at, setAt] = useState(0);
  const wanted = begun?.toLowerCase() ?? "";
  const offered =
    begun === undefined ? [] : snapshot.members.filter(({ user_id, name }) => user_id.toLowerCase().startsWith(wanted) || name.toLowerCase().startsWith(wanted)).slice(0, MOST);

  const look = () => {
    const { value = "", selectionStart = 0 } = field.current ?? {};
    setBegun(BEGUN.exec(value.slice(0, selectionStart))?.[1]);
    setAt(0);
  };
  const choose = (userId: string) => {
    const element = field.current;
    if (element === null) return;
    const end = element.selectionStart;
    const start = end - (begun?.length ?? 0);
    const text = `${element.value.slice(0, start)}${userId} `;
    onChange(text + element.value.slice(end));
    setBegun(undefined);
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(text.length, text.length);
    });
  };
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const chosen = offered[at];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (chosen && by !== undefined) {
      event.preventDefault();
      setAt((at + by + offered.length) % offered.length);
    } else if (chosen && (event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      choose(chosen.user_id);
    } else if (event.key === "Escape" && (chosen || onCancel)) {
      event.preventDefault();
      if (chosen) setBegun(undefined);
      else onCancel?.();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSend();
    }
  };
  const pasted = (event: ClipboardEvent) => {
    if (event.clipboardData.files.length === 0 || onPaste === undefined) return;
    event.preventDefault();
    onPaste(event.clipboardData.files);
  };
  return (
    <form
      className="comment-field"
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      <textarea
        ref={field}
        className="input"
        aria-label={label}
        role="combobox"
        aria-expanded={offered.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        {...(offered.length > 0 ? { "aria-activedescendant": `${list}-${at}` } : {})}
        placeholder="Write a comment. @ mentions somebody."
        rows={3}
        maxLength={LONGEST}
        value={value}
        autoFocus={autoFocus}
        onChange={({ target }) => {
          onChange(target.value);
          board.typing(taskId);
          look();
        }}
        onKeyDown={pressed}
        onPaste={pasted}
        onBlur={() => {
          board.stopTyping();
          setBegun(undefined);
        }}
      />
      <ul id={list} role="listbox" aria-label="Members" className="mentions" hidden={offered.length === 0}>
        {offered.map(({ user_id, name }, index) => (
          <li
            key={user_id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === at}
            className="menu-item option"
            // Before the field loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              choose(user_id);
            }}
          >
            <Avatar id={user_id} name={name} size="small" label="" />
            <span className="said">{name}</span> <span className="faint">@{user_id}</span>
          </li>
        ))}
      </ul>
      <div className="row spread">
        <span className="faint hint">Markdown. Ctrl+Enter sends.</span>
        <span className="row">
          {onCancel && (
            <Button kind="quiet" size="small" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button kind="primary" size="small" type="submit" disabled={value.trim() === ""}>
            {sendLabel}
          </Button>
        </span>
      </div>
    </form>
  );
}
