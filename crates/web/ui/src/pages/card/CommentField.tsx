/** The field for a comment: Markdown, with suggestions of members after an `@`. */
import * as Popover from "@radix-ui/react-popover";
import { useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { Avatar } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useOptions } from "../../parts/options";
import { PLACEMENT } from "../../parts/Popover";
import { useOpenBoard } from "../board/boardContext";

interface Props {
  label: string;
  value: string;
  taskId: string;
  sendLabel: string;
  autoFocus?: boolean;
  onChange: (text: string) => void;
  onSend: () => void;
  /** Called on Escape. The draft is kept. */
  onClose?: () => void;
  onCancel?: () => void;
  onPaste?: (files: FileList) => void;
}

const MAX_LENGTH = 20_000;
const MAX_SUGGESTIONS = 6;
/** The beginning of a mention before the cursor. */
const MENTION_START = /(?<![A-Za-z0-9_@-])@([A-Za-z0-9_-]*)$/;

export function CommentField({ label, value, taskId, sendLabel, autoFocus = false, onChange, onSend, onClose, onCancel, onPaste }: Props) {
  const { board, snapshot } = useOpenBoard();
  const field = useRef<HTMLTextAreaElement>(null);
  const [mention, setMention] = useState<string>();
  const prefix = mention?.toLowerCase() ?? "";
  const suggestions =
    mention === undefined
      ? []
      : snapshot.members
          .filter(({ user_id, name }) => user_id.toLowerCase().startsWith(prefix) || name.toLowerCase().startsWith(prefix))
          .slice(0, MAX_SUGGESTIONS);

  const updateMention = () => {
    const { value = "", selectionStart = 0 } = field.current ?? {};
    setMention(MENTION_START.exec(value.slice(0, selectionStart))?.[1]);
    restart();
  };
  const choose = ({ user_id: userId }: { user_id: string }) => {
    const element = field.current;
    if (element === null) return;
    const end = element.selectionStart;
    const start = end - (mention?.length ?? 0);
    const text = `${element.value.slice(0, start)}${userId} `;
    onChange(text + element.value.slice(end));
    setMention(undefined);
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(text.length, text.length);
    });
  };
  const { restart, pressed: handleOptionKey, field: optionsField, list, option } = useOptions(suggestions, choose);
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (handleOptionKey(event, ["Enter", "Tab"])) return;
    if (event.key === "Escape" && onClose) {
      event.preventDefault();
      onClose();
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
      <Popover.Root open={suggestions.length > 0} onOpenChange={() => setMention(undefined)}>
        <Popover.Anchor asChild>
          <textarea
            ref={field}
            className="input"
            aria-label={label}
            {...optionsField}
            placeholder="Write a comment. Use @ to mention someone."
            rows={3}
            maxLength={MAX_LENGTH}
            value={value}
            autoFocus={autoFocus}
            {...(onClose ? { "data-escape": true } : {})}
            onChange={({ target }) => {
              onChange(target.value);
              board.typing(taskId);
              updateMention();
            }}
            onKeyDown={pressed}
            onPaste={pasted}
            onBlur={() => {
              board.stopTyping();
              setMention(undefined);
            }}
          />
        </Popover.Anchor>
        {/* The field keeps the focus. */}
        <Popover.Content
          className="popover"
          {...PLACEMENT}
          side="top"
          {...list}
          aria-label="Members"
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
          // Escape closes only the list.
          onEscapeKeyDown={(event) => event.stopPropagation()}
        >
          {suggestions.map(({ user_id, name }, index) => (
            <div key={user_id} {...option(index)}>
              <Avatar id={user_id} name={name} size="small" label="" />
              <span className="user-text">{name}</span> <span className="faint">@{user_id}</span>
            </div>
          ))}
        </Popover.Content>
      </Popover.Root>
      <div className="row spread">
        <span className="faint hint">Supports Markdown. Ctrl+Enter to send.</span>
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
