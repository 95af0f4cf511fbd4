/** The board's bar: its name, viewers, search, filters and menu. */
import type { PresentUser, Task } from "@boardwire/client";
import { Archive, ArchiveRestore, Filter as FilterIcon, MoreHorizontal, Pencil, Search, Users, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { go, paths } from "../../app/router";
import { useSignedIn } from "../../app/signedIn";
import { Avatar, Tag } from "../../parts/Avatar";
import { Button } from "../../parts/Button";
import { Item, Separator, Menu } from "../../parts/Menu";
import { Popover } from "../../parts/Popover";
import { useOpenBoard } from "./boardContext";
import { BoardDetails } from "./BoardDetails";
import { NO_FILTER, isNoFilter, taskTest, type Filter } from "./filter";
import { Members } from "./Members";

export function BoardTitle() {
  const { snapshot } = useOpenBoard();
  return (
    <h1 className="header-title user-text" title={snapshot.board?.description || snapshot.board?.name}>
      {snapshot.board?.name}
    </h1>
  );
}

interface BarProps {
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

export function BoardBar({ filter, onFilter }: BarProps) {
  const { snapshot, board, isOwner, change } = useOpenBoard();
  const [dialog, setDialog] = useState<"members" | "details">();
  const archived = snapshot.board?.archived === true;
  return (
    <>
      <Viewers />
      <SearchField filter={filter} onFilter={onFilter} />
      <Filters filter={filter} onFilter={onFilter} />
      <Menu icon label="Board menu" button={<MoreHorizontal size={18} />}>
        <Item onSelect={() => setDialog("members")}>
          <Users size={16} /> Members and roles
        </Item>
        {isOwner && (
          <>
            <Item disabled={archived} onSelect={() => setDialog("details")}>
              <Pencil size={16} /> Name and description
            </Item>
            <Separator />
            {archived ? (
              <Item onSelect={() => void change(() => board.send("board:restore", { boardId: board.id }))}>
                <ArchiveRestore size={16} /> Restore board
              </Item>
            ) : (
              <Item danger onSelect={() => void change(() => board.send("board:archive", { boardId: board.id }))}>
                <Archive size={16} /> Archive board
              </Item>
            )}
          </>
        )}
      </Menu>
      {dialog === "members" && <Members onClose={() => setDialog(undefined)} />}
      {dialog === "details" && <BoardDetails onClose={() => setDialog(undefined)} />}
    </>
  );
}

const MAX_FACES = 5;

/** The other viewers of the board, and the card that each has open. */
function Viewers() {
  const { snapshot } = useOpenBoard();
  const { viewers, tasks } = snapshot;
  const { user } = useSignedIn();
  const others = viewers.filter(({ userId }) => userId !== user.id);
  if (others.length === 0) return null;
  const where = ({ taskId }: PresentUser) => (taskId === undefined ? undefined : tasks.get(taskId));
  return (
    <Popover
      label={`Also here: ${others.map(({ name }) => name).join(", ")}`}
      className="viewers"
      button={
        <span className="faces" data-testid="viewers">
          {others.slice(0, MAX_FACES).map((viewer) => (
            <Avatar key={viewer.userId} id={viewer.userId} name={viewer.name} away={viewer.status !== "online"} />
          ))}
          {others.length > MAX_FACES && <span className="count">+{others.length - MAX_FACES}</span>}
        </span>
      }
    >
      {(close) => (
        <ul>
          {others.map((viewer) => (
            <li key={viewer.userId}>
              <ViewerLine viewer={viewer} task={where(viewer)} onGo={close} />
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

function ViewerLine({ viewer, task, onGo }: { viewer: PresentUser; task: Task | undefined; onGo: () => void }) {
  const status = viewer.status === "online" ? "on the board" : viewer.status;
  return (
    <button type="button" className="menu-item" disabled={task === undefined} onClick={() => task && (onGo(), go(paths.task(task.board_id, task.id)))}>
      <Avatar id={viewer.userId} name={viewer.name} away={viewer.status !== "online"} label="" />
      <span className="user-text">
        {viewer.name}
        <br />
        <span className="faint">{task ? `viewing “${task.title}”` : status}</span>
      </span>
    </button>
  );
}

function SearchField({ filter, onFilter }: BarProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { target, key } = event;
      const isTyping = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      if (key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[aria-modal=true]")) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <label className="search">
      <Search size={15} aria-hidden />
      <span className="visually-hidden">Search cards</span>
      <input
        ref={input}
        type="search"
        placeholder="Search  /"
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </label>
  );
}

const DUE = { over: "Overdue", week: "Due within a week" } as const;

function Filters({ filter, onFilter }: BarProps) {
  const { snapshot } = useOpenBoard();
  const { tasks, members } = snapshot;
  const active = !isNoFilter({ ...filter, text: "" });
  return (
    <Popover icon label={active ? "Filters (active)" : "Filters"} className={active ? "filters-set" : ""} button={<FilterIcon size={17} />}>
      {() => (
        <div className="filters stack">
          <Choices
            label="Assignee"
            value={filter.assignee}
            choices={[["", "Unassigned"], ...members.map(({ user_id, name }) => [user_id, name] as const)]}
            onChoose={(assignee) => onFilter(without(filter, "assignee", assignee))}
          />
          <Choices label="Due" value={filter.due} choices={Object.entries(DUE)} onChoose={(due) => onFilter(without(filter, "due", due as Filter["due"]))} />
          <Labels tasks={tasks} value={filter.tag} onChoose={(tag) => onFilter(without(filter, "tag", tag))} />
          <Button kind="quiet" size="small" disabled={!active} onClick={() => onFilter({ ...NO_FILTER, text: filter.text })}>
            <X size={14} /> Clear filters
          </Button>
        </div>
      )}
    </Popover>
  );
}

function without<Name extends keyof Filter>(filter: Filter, name: Name, value: Filter[Name] | undefined): Filter {
  const { [name]: _, ...rest } = filter;
  return (value === undefined ? rest : { ...rest, [name]: value }) as Filter;
}

interface ChoicesProps {
  label: string;
  value: string | undefined;
  choices: readonly (readonly [string, string])[];
  onChoose: (value: string | undefined) => void;
}

function Choices({ label, value, choices, onChoose }: ChoicesProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select
        className="input"
        value={value === undefined ? "any" : `is:${value}`}
        onChange={({ target }) => onChoose(target.value === "any" ? undefined : target.value.slice(3))}
      >
        <option value="any">Any</option>
        {choices.map(([id, name]) => (
          <option key={id} value={`is:${id}`}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const MAX_LABELS = 30;

function Labels({ tasks, value, onChoose }: { tasks: ReadonlyMap<string, Task>; value: string | undefined; onChoose: (tag: string | undefined) => void }) {
  const labels = useMemo(() => {
    const counts = new Map<string, number>();
    for (const { tags } of tasks.values()) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return [...counts].sort(([one, many], [other, more]) => more - many || one.localeCompare(other)).map(([tag]) => tag);
  }, [tasks]);
  if (labels.length === 0) return null;
  return (
    <div className="field">
      <span>Label</span>
      <div className="label-choices">
        {labels.slice(0, MAX_LABELS).map((label) => (
          <button key={label} type="button" aria-pressed={label === value} onClick={() => onChoose(label === value ? undefined : label)}>
            <Tag text={label} />
          </button>
        ))}
      </div>
    </div>
  );
}

/** A note that filters hide some of the cards that a search finds. */
export function HiddenByFilters({ filter, found, onFilter }: BarProps & { found: ReadonlySet<string> }) {
  const { tasks } = useOpenBoard().snapshot;
  const isSearch = filter.text.trim() !== "" && !isNoFilter({ ...filter, text: "" });
  const hidden = useMemo(() => {
    if (!isSearch) return 0;
    const [fits, passes] = [taskTest({ text: filter.text }, found), taskTest(filter, found)];
    return [...tasks.values()].filter((task) => fits?.(task) && !passes?.(task)).length;
  }, [isSearch, filter, found, tasks]);
  if (hidden === 0) return null;
  return (
    <div className="board-note" role="status">
      <FilterIcon size={16} /> {hidden === 1 ? "1 more card matches, but is" : `${hidden} more cards match, but are`} hidden by the filters.
      <Button size="small" onClick={() => onFilter({ ...NO_FILTER, text: filter.text })}>
        Show all cards
      </Button>
    </div>
  );
}

export function ArchivedBar() {
  const { board, isOwner, change } = useOpenBoard();
  return (
    <div className="board-note" role="status">
      <Archive size={16} /> This board is archived and can’t be changed.
      {isOwner && (
        <Button size="small" onClick={() => void change(() => board.send("board:restore", { boardId: board.id }))}>
          Restore
        </Button>
      )}
    </div>
  );
}
