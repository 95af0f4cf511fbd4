/** A menu that opens below a button, and closes when an item is chosen. */
import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { keepFocusElsewhere } from "./focus";
import { PLACEMENT, type OpenerProps } from "./Popover";

export function Menu({ button, label, children, ...rest }: OpenerProps & { children: ReactNode }) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>
        <Button kind="quiet" label={label} {...rest}>
          {button}
        </Button>
      </Radix.Trigger>
      <Radix.Content className="popover" {...PLACEMENT} onCloseAutoFocus={keepFocusElsewhere}>
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}

interface ItemProps {
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
  children: ReactNode;
}

/** A menu item. */
export function Item({ danger = false, ...rest }: ItemProps) {
  return <Radix.Item className="menu-item" {...(danger ? { "data-kind": "danger" } : {})} {...rest} />;
}

/** Menu items of which one is chosen. */
export function Choice<Value extends string>({ value, onChoose, children }: { value: Value; onChoose: (value: Value) => void; children: ReactNode }) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(chosen) => onChoose(chosen as Value)}>
      {children}
    </Radix.RadioGroup>
  );
}

export function ChoiceItem({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Radix.RadioItem className="menu-item" value={value}>
      {children}
    </Radix.RadioItem>
  );
}

export function Separator() {
  return <Radix.Separator className="menu-separator" />;
}
