/**
 * A dialog. What has `data-autofocus` gets the focus first; it goes back to what opened the dialog. Escape closes it, but
 * for fields that say with `data-escape` that they have a use for that key themselves.
 */
import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { useEffect, useState, type CSSProperties, type ReactNode } from "react";
import { Button } from "./Button";
import { focusFirst, opener } from "./focus";
import { addDialog } from "./modals";

interface Props {
  title: string;
  /** One that asks before something that can't be taken back is an `alertdialog`. */
  role?: "dialog" | "alertdialog";
  onClose: () => void;
  width?: number;
  /** In place of the title and the cross. */
  head?: ReactNode;
  foot?: ReactNode;
  className?: string;
  /** What gets the focus afterwards where that which opened it is gone, or nothing did. */
  returnTo?: () => HTMLElement | null;
  children: ReactNode;
}

export function Dialog({ title, role = "dialog", onClose, width = 520, head, foot, className = "", returnTo, children }: Props) {
  // Before anything in it can take the focus.
  const [before] = useState(opener);
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  useEffect(() => (frame ? addDialog(frame) : undefined), [frame]);
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        {/* As large as the page, so that notices find their place in it. */}
        <Radix.Content
          ref={setFrame}
          className="dialog-frame"
          role={role}
          aria-modal
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            if (focusFirst(event)) return;
            // By itself it would give the focus to its first button.
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            (before?.isConnected ? before : returnTo?.())?.focus();
          }}
          onEscapeKeyDown={(event) => {
            if (event.target instanceof Element && event.target.closest("[data-escape]")) event.preventDefault();
          }}
          onMouseDown={(event) => {
            // Beside it: what is not inside any part of it.
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
                <Radix.Title className="said">{title}</Radix.Title>
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
