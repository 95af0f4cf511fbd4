/**
 * A panel that opens below a button, for small forms and lists. Like a menu it is next to its button in the document, so that both are
 * in the same landmark.
 */
import * as Radix from "@radix-ui/react-popover";
import { useState, type ReactNode } from "react";
import { Button, type ButtonProps } from "./Button";
import { focusFirst, keepFocusElsewhere } from "./focus";

export interface OpenerProps extends Pick<ButtonProps, "size" | "icon" | "className"> {
  /** What the button shows. */
  button: ReactNode;
  label: string;
}

/** The distances from the button and from the edges of the page. */
export const PLACEMENT = { align: "start", sideOffset: 4, collisionPadding: 8 } as const;

export function Popover({ button, label, children, ...rest }: OpenerProps & { children: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Radix.Root open={open} onOpenChange={setOpen}>
      <Radix.Trigger asChild>
        <Button kind="quiet" label={label} {...rest}>
          {button}
        </Button>
      </Radix.Trigger>
      <Radix.Content className="popover" aria-label={label} {...PLACEMENT} onOpenAutoFocus={focusFirst} onCloseAutoFocus={keepFocusElsewhere}>
        {children(() => setOpen(false))}
      </Radix.Content>
    </Radix.Root>
  );
}
