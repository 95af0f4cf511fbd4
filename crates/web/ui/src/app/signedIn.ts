/** The signed-in user, for all components of the page. */
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
  if (signedIn === undefined) throw new Error("this component needs a signed-in user");
  return signedIn;
}

/** Returns whether there is a connection, so that changes can be made. */
export function useOnline(): boolean {
  const { state } = useConnection(useSignedIn().client);
  return state === "live" || state === "catching-up";
}

/**
 * Returns whether there is a connection, so that a change can be made; if not, shows a notice. Changes are not kept for later, because
 * others may change the board meanwhile.
 */
export function isOnline(client: Client): boolean {
  const { state } = client.getStatus();
  if (state === "live" || state === "catching-up") return true;
  notify("You are offline, so nothing was changed. Try again when the board is live.", { kind: "bad" });
  return false;
}
