/** The status of the connection in the header. */
import { useConnection } from "@boardwire/client/react";
import { useEffect, useState } from "react";
import { announce } from "../app/notices";
import { useSignedIn } from "../app/signedIn";

const CAUGHT_UP_MS = 4_000;

export function ConnectionLine() {
  const { client } = useSignedIn();
  const { state } = useConnection(client);
  const [phase, setPhase] = useState<"steady" | "lost" | "caught up">("steady");
  if (state === "reconnecting" && phase !== "lost") setPhase("lost");
  if (state === "live" && phase === "lost") setPhase("caught up");

  useEffect(() => {
    if (phase === "lost") announce("Connection lost. Reconnecting.");
    if (phase !== "caught up") return;
    announce("Reconnected. The page is up to date.");
    const timer = setTimeout(() => setPhase("steady"), CAUGHT_UP_MS);
    return () => clearTimeout(timer);
  }, [phase]);

  const [text, tone] = {
    connecting: ["Connecting", "wait"],
    connected: ["Connecting", "wait"],
    "catching-up": ["Catching up", "wait"],
    live: [phase === "caught up" ? "Caught up" : "Live", "good"],
    reconnecting: ["Reconnecting", "bad"],
    refused: ["Signed out", "bad"],
    closed: ["Closed", "bad"],
  }[state] as [string, string];
  return (
    <span className="connection" data-tone={tone} data-state={state} data-testid="connection">
      <span className="connection-dot" />
      <span className="connection-text">{text}</span>
    </span>
  );
}
