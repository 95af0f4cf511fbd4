/** The content of a card: its task, and who works on it or views it. */
import type { Lease, Task } from "@boardwire/client";
import { Ban, CalendarClock, CheckCircle2, ChevronsUp, ChevronUp, FileWarning } from "lucide-react";
import { memo } from "react";
import { useNow } from "../../app/now";
import { dueDate } from "../../app/time";
import { Agent, Avatar, Tag } from "../../parts/Avatar";
import { useCardFacts } from "./cardFacts";

const MAX_TAGS = 4;
const MAX_FACES = 3;

export const CardFace = memo(function CardFace({ task }: { task: Task }) {
  const { title, tags, lease } = task;
  return (
    <>
      {lease && <LeaseMark lease={lease} />}
      <span className="card-title user-text" data-testid="card-title">
        {title}
      </span>
      {tags.length > 0 && (
        <span className="card-tags">
          {tags.slice(0, MAX_TAGS).map((tag) => (
            <Tag key={tag} text={tag} />
          ))}
          {tags.length > MAX_TAGS && <span className="count">+{tags.length - MAX_TAGS}</span>}
        </span>
      )}
      <Footer task={task} />
    </>
  );
});

const times = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });

/** The agent with the lease. Renders nothing once the lease has expired, even before the server reports that. */
function LeaseMark({ lease: { agent, holder, expires_at } }: { lease: Lease }) {
  const { nameOf } = useCardFacts();
  const end = Date.parse(expires_at);
  if (!(end > useNow())) return null;
  const name = agent ?? nameOf(holder);
  const until = times.format(end);
  return (
    <span className="card-lease" data-testid="card-agent">
      <Agent name={name} title={`Worked on by ${name} until ${until}`} />
      <span className="faint">until {until}</span>
    </span>
  );
}

function Footer({ task: { id, due_date, priority, assignee, status } }: { task: Task }) {
  const { nameOf, blocked, undecided, viewers, typing } = useCardFacts();
  const isDone = status === "done";
  const isBlocked = !isDone && (status === "blocked" || blocked.has(id));
  const present = viewers.get(id) ?? [];
  const typists = typing.get(id) ?? [];
  const isUndecided = undecided.has(id);
  const hasMarks = isDone || isBlocked || isUndecided || due_date !== null || priority > 0;
  if (!hasMarks && assignee === null && present.length === 0 && typists.length === 0) return null;
  return (
    <span className="card-foot">
      {isDone && <CheckCircle2 size={15} className="card-done" role="img" aria-label="Done" />}
      {isBlocked && (
        <span className="card-mark" data-tone="bad">
          <Ban size={13} aria-hidden /> Blocked
        </span>
      )}
      {isUndecided && (
        <span className="card-mark" data-tone="bad" title="Someone else edited the same words. Open the card to choose what is saved.">
          <FileWarning size={13} aria-hidden /> Unsaved text
        </span>
      )}
      {due_date !== null && <Due date={due_date} isDone={isDone} />}
      {priority > 0 && <Priority value={priority} isDone={isDone} />}
      <span className="card-people">
        {typists.length > 0 && (
          <span
            className="card-typing"
            role="img"
            aria-label={`${typists.map(nameOf).join(", ")} ${typists.length === 1 ? "is" : "are"} typing`}
            data-testid="card-typing"
          >
            <i />
            <i />
            <i />
          </span>
        )}
        {present.slice(0, MAX_FACES).map(({ userId, name, status }) => (
          <span key={userId} className="card-viewer" data-testid="card-viewer">
            <Avatar id={userId} name={name} size="small" away={status !== "online"} label={`${name} is viewing this card`} />
          </span>
        ))}
        {present.length > MAX_FACES && <span className="count">+{present.length - MAX_FACES}</span>}
        {assignee !== null && <Avatar id={assignee} name={nameOf(assignee)} size="small" label={`Assigned to ${nameOf(assignee)}`} />}
      </span>
    </span>
  );
}

function Due({ date, isDone }: { date: string; isDone: boolean }) {
  const { text, tone } = dueDate(date, new Date(useNow()));
  const label = { over: "Overdue", soon: "Due soon", later: "Due" }[tone];
  return (
    <span className="card-mark user-text" data-tone={isDone ? "later" : tone} title={isDone ? `Was due ${text}` : `${label}: ${text}`}>
      <CalendarClock size={13} aria-hidden />
      {!isDone && <span className="visually-hidden">{label}</span>}
      <span className="card-date">{text}</span>
    </span>
  );
}

const URGENT = 7;

function Priority({ value, isDone }: { value: number; isDone: boolean }) {
  const Icon = value >= URGENT ? ChevronsUp : ChevronUp;
  return (
    <span className="card-mark" data-tone={value >= URGENT && !isDone ? "urgent" : "later"} title={`Priority ${value} of 10`}>
      <Icon size={14} role="img" aria-label="Priority" />
      {value}
    </span>
  );
}
