/** The properties of a task, each of which can be changed. */
import type { Task } from "@boardwire/client";
import { Bot, X } from "lucide-react";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { useNow } from "../../app/now";
import { dueDate } from "../../app/time";
import { Ago } from "../../parts/Ago";
import { Avatar, Tag } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { useOpenBoard } from "../board/boardContext";

const STATUSES = { todo: "To do", in_progress: "In progress", blocked: "Blocked", done: "Done" } as const;
const PRIORITIES: readonly [number, string][] = [
  [0, "None"],
  [2, "Low"],
  [4, "Medium"],
  [7, "High"],
  [10, "Urgent"],
];

export function Properties({ task }: { task: Task }) {
  const { board, snapshot, canWrite, nameOf, change } = useOpenBoard();
  const { members, columns } = snapshot;
  const update = (updates: Parameters<typeof board.updateTask>[1]) => void change(() => board.updateTask(task.id, updates));
  const now = useNow();
  const date = task.due_date === null ? undefined : dueDate(task.due_date, new Date(now));
  const priorities = PRIORITIES.some(([value]) => value === task.priority) ? PRIORITIES : [...PRIORITIES, [task.priority, `${task.priority} of 10`] as const];
  const isFormerMember = task.assignee !== null && !members.some(({ user_id }) => user_id === task.assignee);
  return (
    <aside className="card-side" aria-label="Properties">
      <LeasePanel task={task} />
      <Property name="Column">
        <select
          className="input"
          disabled={!canWrite}
          value={task.column_id}
          onChange={({ target }) => void change(() => board.moveTask(task.id, { toColumn: target.value }))}
        >
          {columns.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Property>
      <Property name="Status">
        <select className="input" disabled={!canWrite} value={task.status} onChange={({ target }) => update({ status: target.value as Task["status"] })}>
          {Object.entries(STATUSES).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </Property>
      <Property name="Assignee">
        <select
          className="input"
          disabled={!canWrite}
          value={task.assignee ?? ""}
          onChange={({ target }) => void change(() => board.assign(task.id, target.value || null))}
        >
          <option value="">Unassigned</option>
          {isFormerMember && <option value={task.assignee ?? ""}>{task.assignee}</option>}
          {members.map(({ user_id, name }) => (
            <option key={user_id} value={user_id}>
              {name}
            </option>
          ))}
        </select>
      </Property>
      <Property name="Due">
        <input
          className="input"
          type="date"
          disabled={!canWrite}
          value={task.due_date?.slice(0, "2026-01-05".length) ?? ""}
          data-tone={task.status === "done" ? undefined : date?.tone}
          onChange={({ target }) => update({ due_date: target.value || null })}
        />
      </Property>
      <Property name="Priority">
        <select className="input" disabled={!canWrite} value={task.priority} onChange={({ target }) => update({ priority: Number(target.value) })}>
          {priorities.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </Property>
      <Labels task={task} onChange={(tags) => update({ tags })} />
      <div className="card-facts faint">
        <div className="row">
          <Avatar id={task.created_by} name={nameOf(task.created_by)} size="small" label="" />
          <span className="user-text">
            Created by {nameOf(task.created_by)} <Ago moment={task.created_at} />
          </span>
        </div>
        <div>
          Updated <Ago moment={task.updated_at} />
        </div>
        {task.completed_at !== null && (
          <div>
            Completed <Ago moment={task.completed_at} />
          </div>
        )}
      </div>
    </aside>
  );
}

function Property({ name, children }: { name: string; children: ReactNode }) {
  return (
    <label className="property">
      <span className="label">{name}</span>
      {children}
    </label>
  );
}

const times = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit" });

function LeasePanel({ task: { id, lease } }: { task: Task }) {
  const { board, canWrite, nameOf, change } = useOpenBoard();
  const now = useNow();
  if (lease === null || Date.parse(lease.expires_at) <= now) return null;
  const holder = nameOf(lease.holder);
  return (
    <div className="lease">
      <span className="row">
        <Bot size={16} aria-hidden />
        <span className="user-text">
          <strong>{lease.agent ?? holder}</strong> is working on this until {times.format(new Date(lease.expires_at))}
          {lease.agent !== null && <span className="faint">, for {holder}</span>}
        </span>
      </span>
      {canWrite && (
        <Button size="small" onClick={() => void change(() => board.send("task:release", { taskId: id }))}>
          Release
        </Button>
      )}
    </div>
  );
}

function Labels({ task, onChange }: { task: Task; onChange: (tags: string[]) => void }) {
  const { snapshot, canWrite } = useOpenBoard();
  const [text, setText] = useState("");
  const known = [...new Set([...snapshot.tasks.values()].flatMap(({ tags }) => tags))].filter((tag) => !task.tags.includes(tag)).sort();
  const add = () => {
    const tag = text.trim();
    setText("");
    if (tag !== "" && !task.tags.includes(tag)) onChange([...task.tags, tag]);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== ",") return;
    event.preventDefault();
    add();
  };
  return (
    <div className="property">
      <span className="label" id="labels">
        Labels
      </span>
      <ul className="label-list" aria-labelledby="labels">
        {task.tags.map((tag) => (
          <li key={tag}>
            <Tag text={tag} />
            {canWrite && (
              <button type="button" aria-label={`Remove label ${tag}`} onClick={() => onChange(task.tags.filter((other) => other !== tag))}>
                <X size={12} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {canWrite && (
        <>
          <input
            className="input"
            aria-label="Add a label"
            placeholder="Add a label"
            list="known-labels"
            maxLength={100}
            value={text}
            onChange={({ target }) => setText(target.value)}
            onKeyDown={pressed}
            onBlur={add}
          />
          <datalist id="known-labels">
            {known.slice(0, 200).map((tag) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
        </>
      )}
    </div>
  );
}
