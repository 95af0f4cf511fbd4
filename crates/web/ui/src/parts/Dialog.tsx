/**
 * A dialog. The element with `data-autofocus` gets the focus; on closing, it goes back to the element that opened the dialog. Escape
 * closes it, except in fields with `data-escape`, which handle that key themselves.
 */
import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { useEffect, useState, type CSSProperties, type ReactNode } from "react";
import { Button } from "./Button";
import { focusFirst, openingElement } from "./focus";
import { addDialog } from "./modals";

interface Props {
  title: string;
  /** `alertdialog` to confirm something that can't be undone. */
  role?: "dialog" | "alertdialog";
  onClose: () => void;
  width?: number;
  /** Shown in place of the title and the close button. */
  head?: ReactNode;
  foot?: ReactNode;
  className?: string;
  /** Returns the element that gets the focus on closing if the one that opened the dialog was removed. */
  returnTo?: () => HTMLElement | null;
  children: ReactNode;
}

export function Dialog({ title, role = "dialog", onClose, width = 520, head, foot, className = "", returnTo, children }: Props) {
  // Determined before anything in the dialog takes the focus.
  const [opener] = useState(openingElement);
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  useEffect(() => (frame ? addDialog(frame) : undefined), [frame]);
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        {/* The frame covers the page, so that notices can be shown in it. */}
        <Radix.Content
          ref={setFrame}
          className="dialog-frame"
          role={role}
          aria-modal
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            if (focusFirst(event)) return;
            // The default would be the first button.
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            (opener?.isConnected ? opener : returnTo?.())?.focus();
          }}
          onEscapeKeyDown={(event) => {
            if (event.target instanceof Element && event.target.closest("[data-escape]")) event.preventDefault();
          }}
          onMouseDown={(event) => {
            // A click outside the dialog hits its frame.
            if (event.target === event.currentTarget) onClose();
          }}
        >
          <div className={`dialog ${className}`} style={{ "--dialog-width": `${width}px` } as CSSProperties}>
            {head ? (
              <>
                <Radix.Title className="visually-hidden">{title}</Radix.Title>
                {head}
              </>
            ) : (
              <div className="dialog-head">
                <Radix.Title className="user-text">{title}</Radix.Title>
                <Button kind="quiet" icon label="Close" onClick={onClose}>
                  <X size={18} />
                </Button>
              </div>
            )}
            <div className="dialog-body">{children}</div>
            {foot && <div className="dialog-foot">{foot}</div>}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
