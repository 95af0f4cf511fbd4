/** The figures that the server sends every second. */
import { useEffect, useState } from "react";
import { stream } from "../../app/api";
import { reasonOf } from "../../app/reason";

/** The names of the kinds of connections, singular and plural. */
export const CONNECTION_KINDS = { socket: ["socket", "sockets"], stream: ["stream", "streams"], mcp: ["agent", "agents"] } as const;
export type ConnectionKind = keyof typeof CONNECTION_KINDS;
export type ConnectionCounts = Partial<Record<ConnectionKind, number>>;

export interface Counts {
  commands: number;
  refusals: number;
  events: number;
  deliveries: number;
}

export interface UserActivity {
  id: string;
  name: string | null;
  connections: ConnectionCounts;
  since: string | null;
  calls: number;
}

export interface Overview {
  version: string;
  startedAt: string;
  at: string;
  connections: ConnectionCounts;
  totals: Counts;
  history: (Counts & { at: string })[];
  usersConnected: number;
  users: UserActivity[];
  boards: { id: string; name: string | null; events: number; viewers: number }[];
  slow: { at: string; userId: string; door: ConnectionKind; reason: string }[];
  incidents: { at: string; severity: "warning" | "error"; place: string; message: string }[];
  memory: number | null;
}

const RETRY_MS = 2000;

/** Returns the latest figures, and why there are no newer ones. */
export function useOverview(): { overview?: Overview; problem?: string } {
  const [known, setKnown] = useState<{ overview?: Overview; problem?: string }>({});
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async () => {
      let problem = "the server ended the stream";
      try {
        for await (const { name, data } of stream("/api/v1/operator", controller.signal)) {
          if (name === "overview") setKnown({ overview: JSON.parse(data) as Overview });
          if (name === "error") problem = (JSON.parse(data) as { error: string }).error;
        }
      } catch (error) {
        problem = reasonOf(error);
      }
      if (controller.signal.aborted) return;
      setKnown(({ overview }) => ({ ...(overview ? { overview } : {}), problem }));
      timer = setTimeout(() => void follow(), RETRY_MS);
    };
    void follow();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, []);
  return known;
}
