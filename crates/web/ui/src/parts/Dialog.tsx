/** A dialog: the browser's own, which keeps the focus inside and gives it back. What has `data-autofocus` gets it first. */
import { X } from "lucide-react";
import { useEffect, useId, useRef, type CSSProperties, type ReactNode } from "react";
import { Button } from "./Button";
import { opened } from "./modals";

interface Props {
  title: string;
  onClose: () => void;
  width?: number;
  /** In place of the title and the cross. */
  head?: ReactNode;
  foot?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Dialog({ title, onClose, width = 520, head, foot, className = "", children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    element.showModal();
    // By itself it would give the focus to its first button.
    (element.querySelector<HTMLElement>("[data-autofocus]") ?? element).focus();
    const closed = opened(element);
    return () => {
      closed();
      element.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      tabIndex={-1}
      style={{ "--dialog-width": `${width}px` } as CSSProperties}
      {...(head ? { "aria-label": title } : { "aria-labelledby": heading })}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        // Beside it: what is not inside any part of it.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {head ?? (
        <div className="dialog-head">
          <h2 id={heading} className="said">
            {title}
          </h2>
          <Button kind="quiet" icon label="Close" onClick={onClose}>
            <X size={18} />
          </Button>
        </div>
      )}
      <div className="dialog-body">{children}</div>
      {foot && <div className="dialog-foot">{foot}</div>}
    </dialog>
  );
}
