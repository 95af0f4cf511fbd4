/** Which cards are shown. */
import type { Task } from "@boardwire/client";

export interface Filter {
  /** Words in the title, the description, the labels or a comment, in upper or lower case. */
  text: string;
  /** A user's id; `""` for unassigned cards, missing for all. */
  assignee?: string;
  tag?: string;
  due?: "over" | "week";
}

export const NO_FILTER: Filter = { text: "" };

export function isNoFilter({ text, assignee, tag, due }: Filter): boolean {
  return text.trim() === "" && assignee === undefined && tag === undefined && due === undefined;
}

const DAY_MS = 86_400_000;

/** Returns a test for tasks; `undefined` if all pass. `found` has the ids of tasks that the server found by their comments. */
export function taskTest(filter: Filter, found: ReadonlySet<string>, now = Date.now()): ((task: Task) => boolean) | undefined {
  if (isNoFilter(filter)) return undefined;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ id, title, description, tags, assignee, due_date, status }) => {
    if (filter.assignee !== undefined && (assignee ?? "") !== filter.assignee) return false;
    if (filter.tag !== undefined && !tags.includes(filter.tag)) return false;
    if (filter.due !== undefined) {
      if (due_date === null || status === "done") return false;
      const end = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(due_date) ? `${due_date}T23:59:59` : due_date);
      if (!(end < (filter.due === "over" ? now : now + 7 * DAY_MS))) return false;
    }
    if (words.length === 0 || found.has(id)) return true;
    const text = `${title}\n${description}\n${tags.join("\n")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
