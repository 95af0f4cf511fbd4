/** The pages, and what stands around them. */
import { FileQuestion, WifiOff } from "lucide-react";
import { useEffect, useMemo } from "react";
import { Boards } from "../pages/Boards";
import { BoardPage } from "../pages/board/BoardPage";
import { Operator } from "../pages/operator/Operator";
import { SignIn } from "../pages/SignIn";
import { Boundary } from "../parts/Boundary";
import { Button } from "../parts/Button";
import { Empty } from "../parts/Empty";
import { Notices } from "./notices";
import { follow, paths, placeOf, usePath } from "./router";
import { begin, useSession } from "./session";
import { SignedInContext } from "./signedIn";

export function App() {
  return (
    <Boundary>
      <Page />
      <Notices />
    </Boundary>
  );
}

function Page() {
  const session = useSession();
  const place = placeOf(usePath());
  if (place.page === "unknown") return <Nothing />;
  switch (session.state) {
    case "unknown":
      return <main aria-busy="true" aria-label="Loading" />;
    case "unreachable":
      return (
        <main>
          <Empty icon={<WifiOff />} heading="h1" title="The server does not answer">
            <p>{session.reason}</p>
            <Button onClick={() => void begin()}>Try again</Button>
          </Empty>
        </main>
      );
    case "out":
      return <SignIn {...(session.reason === undefined ? {} : { reason: session.reason })} />;
    case "in":
      return <SignedIn user={session.user} client={session.client} />;
  }
}

/** Whoever one is. */
function Nothing() {
  useEffect(() => void (document.title = "Not found · Boardwire"), []);
  return (
    <main>
      <Empty icon={<FileQuestion />} heading="h1" title="There is nothing at this address.">
        <p>The address is mistyped, or what was here is gone.</p>
        <a href={paths.boards} onClick={follow}>
          Show your boards
        </a>
      </Empty>
    </main>
  );
}

function SignedIn({ user, client }: Pick<Extract<ReturnType<typeof useSession>, { state: "in" }>, "user" | "client">) {
  const place = placeOf(usePath());
  const context = useMemo(() => ({ user, client }), [user, client]);
  useEffect(() => {
    if (place.page === "boards") document.title = "Boards · Boardwire";
    if (place.page === "operator") document.title = "Operator · Boardwire";
  }, [place.page]);
  return (
    <SignedInContext value={context}>
      {place.page === "boards" && <Boards />}
      {place.page === "board" && <BoardPage key={place.boardId} boardId={place.boardId} taskId={place.taskId} />}
      {place.page === "operator" && <Operator />}
    </SignedInContext>
  );
}
