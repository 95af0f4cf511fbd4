/** What opens below a button: menus and small forms. The browser closes it on Escape and on a click elsewhere. */
import { useId, useRef, useState, type KeyboardEvent, type ReactNode, type ToggleEvent } from "react";
import { Button } from "./Button";

interface Props {
  /** What the button shows. */
  button: ReactNode;
  label: string;
  kind?: "plain" | "quiet" | "primary";
  size?: "small" | "normal";
  icon?: boolean;
  className?: string;
  /** A menu is walked through with the arrow keys; a panel has any content. */
  role?: "menu" | "dialog";
  onOpen?: () => void;
  disabled?: boolean;
  children: (close: () => void) => ReactNode;
}

const GAP = 4;
const EDGE = 8;

export function Popover({ button, label, kind = "quiet", size = "normal", icon = false, className = "", role = "menu", onOpen, disabled = false, children }: Props) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => panel.current?.hidePopover();

  const place = () => {
    if (!anchor.current || !panel.current) return;
    const around = anchor.current.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel.current;
    const below = around.bottom + GAP + height <= innerHeight - EDGE;
    const top = below ? around.bottom + GAP : Math.max(EDGE, Math.min(around.top - GAP - height, innerHeight - EDGE - height));
    const left = Math.max(EDGE, Math.min(around.left, innerWidth - width - EDGE));
    Object.assign(panel.current.style, { top: `${top}px`, left: `${left}px` });
  };
  const toggled = ({ newState }: ToggleEvent) => {
    setOpen(newState === "open");
    if (newState !== "open") return;
    onOpen?.();
    requestAnimationFrame(() => {
      place();
      panel.current?.querySelector<HTMLElement>("[autofocus], [data-autofocus], button, a, input")?.focus();
    });
  };

  return (
    <>
      <Button
        ref={anchor}
        kind={kind}
        size={size}
        icon={icon}
        label={label}
        className={className}
        popoverTarget={id}
        disabled={disabled}
        aria-haspopup={role}
        aria-expanded={open}
      >
        {button}
      </Button>
      <div ref={panel} id={id} popover="auto" className="popover" role={role} aria-label={label} onToggle={toggled} onKeyDown={role === "menu" ? walk : undefined}>
        {open && children(close)}
      </div>
    </>
  );
}

function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}

interface ItemProps {
  onSelect: () => void;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  children: ReactNode;
}

/** An entry of a menu. */
export function Item({ onSelect, checked, danger = false, disabled = false, children }: ItemProps) {
  const kind = checked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": checked };
  return (
    <button type="button" className="menu-item" {...kind} {...(danger ? { "data-kind": "danger" } : {})} disabled={disabled} onClick={onSelect}>
      {children}
    </button>
  );
}
