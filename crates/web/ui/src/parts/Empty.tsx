/** A message where there is nothing to show. */
import type { ReactNode } from "react";

interface Props {
  icon?: ReactNode;
  title: string;
  /** `h1` where the page has no other heading. */
  heading?: "h1" | "h2";
  children?: ReactNode;
}

export function Empty({ icon, title, heading: Heading = "h2", children }: Props) {
  return (
    <div className="empty">
      {icon}
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}
