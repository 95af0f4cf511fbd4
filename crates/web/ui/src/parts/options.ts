/** A list of options for a field that keeps the focus: the arrow keys move through it, Enter chooses. */
import { useEffect, useId, useState, type KeyboardEvent, type MouseEvent } from "react";

export function useOptions<Option>(options: readonly Option[], choose: (option: Option) => void) {
  const id = useId();
  const [at, setAt] = useState(0);
  const active = Math.min(at, options.length - 1);
  const optionId = (index: number) => `${id}-${index}`;
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [id, active]);
  return {
    /** Makes the first option the active one. */
    restart: () => setAt(0),
    /** Handles a key press. Returns whether the list has used it. */
    pressed: (event: KeyboardEvent, keys: readonly string[] = ["Enter"]): boolean => {
      const chosen = options[active];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (chosen === undefined || event.nativeEvent.isComposing || event.ctrlKey || event.metaKey) return false;
      if (step !== undefined) setAt((active + step + options.length) % options.length);
      else if (keys.includes(event.key)) choose(chosen);
      else return false;
      event.preventDefault();
      return true;
    },
    field: {
      "aria-autocomplete": "list" as const,
      "aria-haspopup": "listbox" as const,
      ...(options.length > 0 ? { "aria-controls": id, "aria-activedescendant": optionId(active) } : {}),
    },
    list: { id, role: "listbox" },
    option: (index: number) => ({
      id: optionId(index),
      role: "option",
      "aria-selected": index === active,
      className: "menu-item option",
      // The field keeps the focus.
      onMouseDown: (event: MouseEvent) => event.preventDefault(),
      onClick: () => {
        const option = options[index];
        if (option !== undefined) choose(option);
      },
    }),
  };
}
