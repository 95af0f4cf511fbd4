/** The quiet line that tells how the connection is. */
import { useConnection } from "@boardwire/client/react";
import { useEffect, useRef, useState } from "react";
import { announce } from "../app/notices";
import { useSignedIn } from "../app/signedIn";

const CAUGHT_UP_MS = 4_000;

export function ConnectionLine() {
  const { client } = useSignedIn();
  const { state } = useConnection(client);
  const lost = useRef(false);
  const [caughtUp, setCaughtUp] = useState(false);

  useEffect(() => {
    if (state === "reconnecting") {
      lost.current = true;
      announce("The connection is lost. Reconnecting.");
    }
    if (state !== "live" || !lost.current) return;
    lost.current = false;
    setCaughtUp(true);
    announce("Connected again. You see everything that was missed.");
    const timer = setTimeout(() => setCaughtUp(false), CAUGHT_UP_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const [text, tone] = {
    connecting: ["Connecting", "wait"],
    connected: ["Connecting", "wait"],
    "catching-up": ["Catching up", "wait"],
    live: [caughtUp ? "Caught up" : "Live", "good"],
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
