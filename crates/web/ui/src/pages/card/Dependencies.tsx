/** The dependencies of a task: what blocks it, what it blocks, related cards and duplicates. */
import type { Dependency, DependencyType, Task } from "@boardwire/client";
import { Ban, CheckCircle2, Copy, Link2, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { reasonOf } from "../../app/reason";
import { paths } from "../../app/router";
import { isOnline, useSignedIn } from "../../app/signedIn";
import { Button } from "../../parts/Button";
import { useOptions } from "../../parts/options";
import { Popover } from "../../parts/Popover";
import { Problem } from "../../parts/Problem";
import { useOpenBoard } from "../board/boardContext";

interface Group {
  title: string;
  icon: ReactNode;
  type: DependencyType;
  /** Whether the task of the page is the one that depends on the other. */
  depends: boolean;
}

const GROUPS: readonly Group[] = [
  { title: "Blocked by", icon: <Ban size={14} />, type: "blocks", depends: true },
  { title: "Blocks", icon: <Ban size={14} />, type: "blocks", depends: false },
  { title: "Relates to", icon: <Link2 size={14} />, type: "relates_to", depends: true },
  { title: "Related from", icon: <Link2 size={14} />, type: "relates_to", depends: false },
  { title: "Duplicates", icon: <Copy size={14} />, type: "duplicates", depends: true },
  { title: "Duplicated by", icon: <Copy size={14} />, type: "duplicates", depends: false },
];

export function Dependencies({ task }: { task: Task }) {
  const { board, snapshot, canWrite, change } = useOpenBoard();
  const of = ({ type, depends }: Group) => snapshot.dependencies.filter((one) => one.type === type && (depends ? one.task_id : one.depends_on) === task.id);
  const shown = GROUPS.map((group) => ({ group, links: of(group) })).filter(({ links }) => links.length > 0);
  if (shown.length === 0 && !canWrite) return null;
  const remove = ({ task_id, depends_on, type }: Dependency) =>
    void change(() => board.send("task:dependency:remove", { taskId: task_id, dependsOn: depends_on, type }));
  return (
    <section className="card-section">
      <div className="row spread">
        <h3>Dependencies</h3>
        {canWrite && <Add task={task} />}
      </div>
      {shown.length === 0 && <p className="faint">No dependencies.</p>}
      {shown.map(({ group, links }) => (
        <div key={group.title} className="dependency-group">
          <h4 className="label row">
            {group.icon} {group.title}
          </h4>
          <ul>
            {links.map((link) => {
              const id = group.depends ? link.depends_on : link.task_id;
              const other = snapshot.tasks.get(id);
              return (
                <li key={id} className="dependency">
                  {other?.status === "done" && <CheckCircle2 size={14} className="card-done" aria-label="Done" />}
                  <Link className="user-text" href={paths.task(task.board_id, id)} data-done={other?.status === "done"}>
                    {other?.title ?? id}
                  </Link>
                  {canWrite && (
                    <Button kind="quiet" size="small" icon label={`Remove: ${group.title} ${other?.title ?? id}`} onClick={() => remove(link)}>
                      <X size={13} />
                    </Button>
                  )}
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </section>
  );
}

const CHOICES: readonly [string, DependencyType, boolean][] = [
  ["is blocked by", "blocks", true],
  ["blocks", "blocks", false],
  ["relates to", "relates_to", true],
  ["duplicates", "duplicates", true],
];
const MAX_FOUND = 8;

function Add({ task }: { task: Task }) {
  return (
    <Popover size="small" label="Add a dependency" button="Add">
      {(close) => <AddForm task={task} onDone={close} />}
    </Popover>
  );
}

function AddForm({ task, onDone }: { task: Task; onDone: () => void }) {
  const { client } = useSignedIn();
  const { snapshot } = useOpenBoard();
  const [choice, setChoice] = useState(0);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const words = text.toLowerCase().trim();
  const found = [...snapshot.tasks.values()].filter(({ id, title }) => id !== task.id && title.toLowerCase().includes(words)).slice(0, MAX_FOUND);

  const add = async (other: Task) => {
    const [, type, depends] = CHOICES[choice] ?? ["", "blocks" as const, true];
    const [one, two] = depends ? [task.id, other.id] : [other.id, task.id];
    if (!isOnline(client)) return;
    setProblem(undefined);
    try {
      await client.send("task:dependency:add", { taskId: one, dependsOn: two, type });
      onDone();
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  const { pressed, restart, field, list, option } = useOptions(found, (other) => void add(other));
  return (
    <div className="dependency-add stack">
      <Problem reason={problem} />
      <select className="input" aria-label="Kind of dependency" value={choice} onChange={({ target }) => setChoice(Number(target.value))}>
        {CHOICES.map(([title], value) => (
          <option key={title} value={value}>
            This card {title}
          </option>
        ))}
      </select>
      <input
        className="input"
        role="combobox"
        aria-label="Other card"
        aria-expanded={found.length > 0}
        {...field}
        placeholder="Find a card"
        data-autofocus
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          restart();
        }}
        onKeyDown={(event) => void pressed(event)}
      />
      {found.length > 0 && (
        <ul {...list} aria-label="Cards">
          {found.map((other, index) => (
            <li key={other.id} {...option(index)}>
              <span className="user-text">{other.title}</span>
            </li>
          ))}
        </ul>
      )}
      {found.length === 0 && <p className="faint">No matching cards.</p>}
    </div>
  );
}
