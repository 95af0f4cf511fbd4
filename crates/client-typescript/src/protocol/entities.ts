// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

/** A file on a task. */
export interface Attachment {
  /** The task's board. */
  board_id: string;
  /** Its media type as uploaded. */
  content_type: string;
  /** When it was uploaded. */
  created_at: string;
  /** The name it was uploaded under. */
  filename: string;
  /** Its id. */
  id: string;
  /** The SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
  /** Its size in bytes. */
  size: number;
  /** The task it is on. */
  task_id: string;
  /** Who uploaded it. */
  uploaded_by: string;
}

/** A board: columns of tasks that its members share. */
export interface Board {
  /** An archived board can only be read and restored, and members can be removed. */
  archived: boolean;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** A description, at most 20,000 characters. */
  description: string;
  /** Its id. */
  id: string;
  /** Its name, 1–500 characters. */
  name: string;
  /** The team it belongs to. */
  team_id: string | null;
  /** When its own fields last changed. */
  updated_at: string;
  /** Rises by one with each change of the board's own fields. */
  version: number;
}

/** A column of a board. */
export interface Column {
  /** The board it is on. */
  board_id: string;
  /** When it was made. */
  created_at: string;
  /** Its id. */
  id: string;
  /** Its name, 1–500 characters. */
  name: string;
  /** Its position among the board's columns: they are sorted by it as text. */
  position: string;
  /** The status that a task gets when it enters the column. */
  status: Status | null;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
  /** How many tasks it may hold. */
  wip_limit: number | null;
}

/** A comment on a task. */
export interface Comment {
  /** Who wrote it. */
  author: string;
  /** The task's board. */
  board_id: string;
  /** The text, at most 20,000 characters. */
  body: string;
  /** When it was written. */
  created_at: string;
  /** Its id. */
  id: string;
  /** Who is mentioned in it. */
  mentions: string[];
  /** The task it is on. */
  task_id: string;
  /** When it was last changed. */
  updated_at: string;
}

/** Who is connected. */
export interface ConnectedUser {
  /** The user's id. */
  id: string;
  /** The user's name. */
  name: string;
  /** What the credential allows: `read`, `write`, `admin`. */
  permissions: string[];
  /** The user's teams. */
  teams: string[];
}

/** A dependency of one task on another. */
export interface Dependency {
  /** When it was added. */
  created_at: string;
  /** Who added it. */
  created_by: string;
  /** The task it depends on. */
  depends_on: string;
  /** The task that depends. */
  task_id: string;
  /** The type of the dependency. */
  type: DependencyType;
}

/** The type of a dependency. */
export type DependencyType = "blocks" | "relates_to" | "duplicates";

/** A user's claim to work on a task alone, until a certain time. */
export interface Lease {
  /** When the task was claimed. */
  acquired_at: string;
  /** The name of the agent that works on the task for the holder, at most 100 characters. */
  agent: string | null;
  /** When it expires. From then on it has no effect, even while it is still shown. */
  expires_at: string;
  /** The number of the claim: each claim of a task has a higher one than all before it. */
  fence: number;
  /** Who claimed the task. */
  holder: string;
}

/** What the server accepts from one user or in one message. */
export interface Limits {
  /** The most commands in any second. */
  burst: number;
  /** The most bytes in one message. */
  maxPayload: number;
  /** The most commands in any window of `windowMs`. */
  maxRequests: number;
  /** The most subscriptions of one socket. */
  maxSubscriptions: number;
  /** The length of that window, in milliseconds. */
  windowMs: number;
}

/** A board in a list of boards. */
export interface ListedBoard {
  /** An archived board can only be read and restored, and members can be removed. */
  archived: boolean;
  /** When anything on it last changed: the time of the latest event in its log. */
  changed_at: string;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** A description, at most 20,000 characters. */
  description: string;
  /** Its id. */
  id: string;
  /** Its name, 1–500 characters. */
  name: string;
  /** The team it belongs to. */
  team_id: string | null;
  /** When its own fields last changed. */
  updated_at: string;
  /** Rises by one with each change of the board's own fields. */
  version: number;
}

/** A member of a board. */
export interface Member {
  /** Whether the user is an agent: a program that works in its own name. */
  agent: boolean;
  /** The board. */
  board_id: string;
  /** The user's name. */
  name: string;
  /** What the user may do there. */
  role: Role;
  /** The user. */
  user_id: string;
}

/** A message to a user about something that happened. */
export interface Notification {
  /** Who caused it. */
  actor: string | null;
  /** The board it concerns. */
  board_id: string | null;
  /** When it was made. */
  created_at: string;
  /** Its id. */
  id: string;
  /** What it is about. */
  kind: NotificationKind;
  /** When it was read. */
  read_at: string | null;
  /** The task it concerns. */
  task_id: string | null;
  /** A sentence for people. */
  text: string;
  /** The user who gets it. */
  user_id: string;
}

/** What a notification is about. */
export type NotificationKind = "task" | "mention" | "system";

/** What a member may do on a board. A higher role may do all that a lower one may. */
export type Role = "viewer" | "member" | "owner";

/** The status of a task. */
export type Status = "todo" | "in_progress" | "blocked" | "done";

/** A card on a board. */
export interface Task {
  /** Who works on it. */
  assignee: string | null;
  /** The board it is on. */
  board_id: string;
  /** The column it is in. */
  column_id: string;
  /** When its status became `done`; `null` while it is not. */
  completed_at: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** A description, at most 20,000 characters. */
  description: string;
  /** When it is due: a date or an instant, as the client wrote it. */
  due_date: string | null;
  /** Its id. */
  id: string;
  /** The lease on it; `null`: there is none. */
  lease: Lease | null;
  /** Its position in the column: tasks are sorted by it as text. */
  position: string;
  /** How urgent it is: 0 to 10. */
  priority: number;
  /** Its status. */
  status: Status;
  /** Its labels. */
  tags: string[];
  /** A title, 1–500 characters. */
  title: string;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
}

/** A user who is present on a board. */
export interface Viewer {
  /** The user's name. */
  name: string;
  /** Since when the user has been present. */
  since: string;
  /** Whether the user is online or away. */
  status: ViewerStatus;
  /** The user. */
  userId: string;
  /** The task that the user has open. */
  taskId?: string | null;
}

/** Whether a user is online or away. */
export type ViewerStatus = "online" | "away";

/** The fields of a new task that are not set when it is created. */
export const BLANK_TASK: Readonly<Omit<Task, "id" | "board_id" | "column_id" | "created_by" | "created_at" | "updated_at">> = {
  assignee: null,
  completed_at: null,
  description: "",
  due_date: null,
  lease: null,
  position: "",
  priority: 0,
  status: "todo",
  tags: [],
  title: "",
  version: 1,
};
