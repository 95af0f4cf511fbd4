/** Avatars of users, and tags in a colour made from their text. */
import { Bot } from "lucide-react";
import { createContext, useContext, type CSSProperties } from "react";

/** Returns a hue in degrees, always the same for the same text. */
export function hue(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}

const hueStyle = (text: string) => ({ "--hue": hue(text) }) as CSSProperties;

/** Returns up to two initials of a name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "?")][0]?.toUpperCase() ?? "").join("");
}

/** The ids of the users who are agents, for the avatars below. */
export const Agents = createContext<ReadonlySet<string>>(new Set());

interface AvatarProps {
  id: string;
  name: string;
  size?: "small" | "normal" | "large";
  away?: boolean;
  /** The accessible name and the tooltip, by default the user's name. Empty if the name is shown next to it. */
  label?: string;
}

export function Avatar({ id, name, size = "normal", away = false, label = name }: AvatarProps) {
  const isAgent = useContext(Agents).has(id);
  const accessibleName = isAgent && label !== "" ? `${label} (agent)` : label;
  return (
    <span
      className="avatar"
      style={hueStyle(id)}
      data-size={size}
      data-away={away}
      data-agent={isAgent}
      // Shown by the style sheet: screen readers read the label instead.
      data-initials={initials(name)}
      {...(accessibleName === "" ? { "aria-hidden": true } : { role: "img", "aria-label": accessibleName, title: accessibleName })}
    >
      {isAgent && <Bot className="avatar-agent" aria-hidden="true" />}
    </span>
  );
}

export function Tag({ text }: { text: string }) {
  return (
    <span className="tag user-text" style={hueStyle(text)}>
      {text}
    </span>
  );
}

/** The agent that works on a task. */
export function Agent({ name, title }: { name: string; title?: string }) {
  return (
    <span className="agent user-text" title={title ?? `The agent ${name}`}>
      <Bot size={12} aria-label="Agent" />
      {name}
    </span>
  );
}
