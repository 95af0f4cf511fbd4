/**
 * Who is signed in. A password gives a session, whose cookie no script can read. The demo's link `/#demo=alice` gives the tab a
 * token instead, so that two windows can be two users.
 */
import { Client, type ConnectedUser } from "@boardwire/client";
import { create } from "zustand";
import { request, setToken } from "./api";
import { reasonOf } from "./reason";

export type Session =
  | { state: "unknown" }
  | { state: "signedOut"; reason?: string }
  | { state: "unreachable"; reason: string }
  | { state: "signedIn"; user: ConnectedUser; client: Client };

const TOKEN_KEY = "boardwire-demo-token";

export const useSession = create<Session>(() => ({ state: "unknown" }));

function setSession(next: Session): void {
  const session = useSession.getState();
  if (session.state === "signedIn" && session !== next) void session.client.close();
  useSession.setState(next, true);
}

/** Finds out who is signed in: by the demo's link, by the tab's token, or by the cookie. */
export async function restoreSession(): Promise<void> {
  try {
    const demo = /^#demo=([A-Za-z0-9_-]{1,64})$/.exec(location.hash)?.[1];
    if (demo !== undefined) {
      history.replaceState(null, "", location.pathname);
      sessionStorage.setItem(TOKEN_KEY, await demoToken(demo));
    }
    const token = sessionStorage.getItem(TOKEN_KEY) ?? undefined;
    setToken(token);
    if (!(await startSession(token))) endSession();
  } catch (error) {
    setSession({ state: "unreachable", reason: reasonOf(error) });
  }
}

async function demoToken(user: string): Promise<string> {
  const { users } = await request<{ users: { id: string; token: string }[] }>("GET", "/demo.json");
  const token = users.find(({ id }) => id === user)?.token;
  if (token === undefined) throw new Error(`The demo has no user “${user}”.`);
  return token;
}

/** Signs in with the existing credentials: a token, or the cookie. Returns `false` if the server does not accept them. */
async function startSession(token: string | undefined): Promise<boolean> {
  const response = await request<{ user: ConnectedUser } | undefined>("GET", "/api/v1/sessions/current", { emptyStatuses: [401, 403] });
  if (response === undefined) return false;
  const client = new Client(location.origin, token === undefined ? { cookie: true } : { token });
  client.onStatus(({ state }) => {
    if (state === "refused") endSession("You have been signed out.");
  });
  setSession({ state: "signedIn", user: response.user, client });
  return true;
}

/** Signs in with a password. The error says what to do, also when the password is correct but the browser does not keep the session. */
export async function signIn(user: string, password: string): Promise<void> {
  await request("POST", "/api/v1/sessions", { body: { user, password } });
  sessionStorage.removeItem(TOKEN_KEY);
  setToken(undefined);
  if (!(await startSession(undefined))) throw new Error(SESSION_NOT_KEPT[location.protocol] ?? SESSION_NOT_KEPT["https:"]);
}

/** Why the browser did not keep a new session, by the protocol of the page. */
const SESSION_NOT_KEPT: Record<string, string> = {
  "http:":
    "Your password is correct, but the browser did not keep the session: this server requires HTTPS, and this page was opened over plain HTTP. " +
    "Open it with https://. On a trusted network, the operator can allow plain HTTP with --secure-cookies false.",
  "https:": "Your password is correct, but the browser did not keep the session. Allow cookies for this address and try again.",
};

/** Sends what is not saved yet, then ends the session here and, unless it is the demo's, on the server. */
export async function signOut(): Promise<void> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const session = useSession.getState();
  if (session.state === "signedIn") await session.client.close();
  if (token === null) await request("DELETE", "/api/v1/sessions/current", { emptyStatuses: [401] });
  endSession();
}

function endSession(reason?: string): void {
  sessionStorage.removeItem(TOKEN_KEY);
  setToken(undefined);
  setSession(reason === undefined ? { state: "signedOut" } : { state: "signedOut", reason });
}
