/** Who somebody is, in a circle; and tags, coloured by what they say. */
import { Bot } from "lucide-react";
import type { CSSProperties } from "react";

/** A colour for a text, always the same. */
export function hue(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}

const coloured = (text: string) => ({ "--hue": hue(text) }) as CSSProperties;

/** Up to two letters. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "?")][0]?.toUpperCase() ?? "").join("");
}

interface AvatarProps {
  id: string;
  name: string;
  size?: "small" | "normal" | "large";
  away?: boolean;
  /** What it says to who can't see it, and when the pointer rests; by default the name. Empty where the name stands beside it. */
  label?: string;
}

export function Avatar({ id, name, size = "normal", away = false, label = name }: AvatarProps) {
  return (
    <span
      className="avatar"
      style={coloured(id)}
      data-size={size}
      data-away={away}
      // Drawn, not said: the label says it in full.
      data-initials={initials(name)}
      {...(label === "" ? { "aria-hidden": true } : { role: "img", "aria-label": label, title: label })}
    />
  );
}

export function Tag({ text }: { text: string }) {
  return (
    <span className="tag said" style={coloured(text)}>
      {text}
    </span>
  );
}

/** An agent that works on something. */
export function Agent({ name, title }: { name: string; title?: string }) {
  return (
    <span className="agent said" title={title ?? `The agent ${name}`}>
      <Bot size={12} aria-label="Agent" />
      {name}
    </span>
  );
}
