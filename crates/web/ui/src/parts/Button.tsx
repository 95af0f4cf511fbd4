/** Buttons. A button with an icon alone needs a label. */
import type { ButtonHTMLAttributes, Ref } from "react";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "primary" | "quiet" | "danger";
  size?: "small" | "normal";
  icon?: boolean;
  /** The accessible name, and the tooltip. */
  label?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "plain", size = "normal", icon, label, className = "", type = "button", ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`button ${className}`}
      data-kind={kind}
      data-size={size}
      {...(icon ? { "data-icon": true } : {})}
      {...(label === undefined ? {} : { "aria-label": label, title: label })}
    />
  );
}
