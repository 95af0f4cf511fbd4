/** Who is signed in, for every part of the page. */
import type { Client, ConnectedUser } from "@boardwire/client";
import { useConnection } from "@boardwire/client/react";
import { createContext, useContext } from "react";
import { notify } from "./notices";

export interface SignedIn {
  user: ConnectedUser;
  client: Client;
}

export const SignedInContext = createContext<SignedIn | undefined>(undefined);

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === undefined) throw new Error("this part is for who is signed in");
  return signedIn;
}

/** Whether changes can be made now. */
export function useOnline(): boolean {
  const { state } = useConnection(useSignedIn().client);
  return state === "live" || state === "catching-up";
}

/**
 * Whether a change can be made now; if not, says so. Without a connection nobody knows what others do meanwhile, so changes
 * are refused at once, in sight, rather than kept for later.
 */
export function isOnline(client: Client): boolean {
  const { state } = client.getStatus();
  if (state === "live" || state === "catching-up") return true;
  notify("Not connected, so nothing was changed. Try again when the board is live.", { kind: "bad" });
  return false;
}
