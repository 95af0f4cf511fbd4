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
  /** An archived board can be read and restored, and nothing else. */
  archived: boolean;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** What it is for, at most 20,000 characters. */
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
  /** Where it stands among the board's columns: sorts as text. */
  position: string;
  /** The status that a task takes on when it enters. */
  status: Status | null;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
  /** How many tasks it may hold. */
  wip_limit: number | null;
}

/** A remark on a task. */
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

/** That one task has to do with another. */
export interface Dependency {
  /** When. */
  created_at: string;
  /** Who said so. */
  created_by: string;
  /** The task it depends on. */
  depends_on: string;
  /** The task that depends. */
  task_id: string;
  /** In which way. */
  type: DependencyType;
}

/** In which way one task depends on another. */
export type DependencyType = "blocks" | "relates_to" | "duplicates";

/** That somebody works on a task, and is to be left alone with it until a certain moment. */
export interface Lease {
  /** When the task was claimed. */
  acquired_at: string;
  /** What the holder calls the agent that works on it, at most 100 characters. */
  agent: string | null;
  /** When it ends by itself. From then on it counts for nothing, even while it is still shown. */
  expires_at: string;
  /** Which claim of this task it was: each has a higher number than all before it. */
  fence: number;
  /** Who claimed the task. */
  holder: string;
}

/** What the server accepts from one user or in one message. */
export interface Limits {
  /** Commands in any second. */
  burst: number;
  /** Bytes in one message. */
  maxPayload: number;
  /** Commands in any window of `windowMs`. */
  maxRequests: number;
  /** Subscriptions of one socket. */
  maxSubscriptions: number;
  /** The length of that window, in milliseconds. */
  windowMs: number;
}

/** A board in a list of boards. */
export interface ListedBoard {
  /** An archived board can be read and restored, and nothing else. */
  archived: boolean;
  /** When anything on it last changed: the time of the latest event in its log. */
  changed_at: string;
  /** A colour as the client wrote it. */
  color: string | null;
  /** When it was made. */
  created_at: string;
  /** Who made it. */
  created_by: string;
  /** What it is for, at most 20,000 characters. */
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

/** A user's place on a board. */
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

/** Something a user should know of. */
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
  /** Whom it is for. */
  user_id: string;
}

/** What a notification is about. */
export type NotificationKind = "task" | "mention" | "system";

/** What a member may do on a board. A higher role may do all that a lower one may. */
export type Role = "viewer" | "member" | "owner";

/** How far a task is. */
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
  /** More about it, at most 20,000 characters. */
  description: string;
  /** When it is due: a date or an instant, as the client wrote it. */
  due_date: string | null;
  /** Its id. */
  id: string;
  /** Who holds it for now; `null`: nobody. */
  lease: Lease | null;
  /** Where it stands in its column: sorts as text. */
  position: string;
  /** How urgent it is: 0 to 10. */
  priority: number;
  /** How far it is. */
  status: Status;
  /** Its labels. */
  tags: string[];
  /** What is to be done, 1–500 characters. */
  title: string;
  /** When it last changed. */
  updated_at: string;
  /** Rises by one with each change. */
  version: number;
}

/** A user who is looking at a board. */
export interface Viewer {
  /** The user's name. */
  name: string;
  /** Since when. */
  since: string;
  /** Whether the user is there or away. */
  status: ViewerStatus;
  /** The user. */
  userId: string;
  /** The task that the user has open. */
  taskId?: string | null;
}

/** Whether a viewer is there. */
export type ViewerStatus = "online" | "away";
