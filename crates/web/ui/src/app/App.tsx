/** The routes, and which page each of them shows. */
import { FileQuestion, WifiOff } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import { Link, Route, Router, Switch } from "wouter";
import { Boards } from "../pages/Boards";
import { BoardPage } from "../pages/board/BoardPage";
import { Operator } from "../pages/operator/Operator";
import { SignIn } from "../pages/SignIn";
import { Boundary } from "../parts/Boundary";
import { Button } from "../parts/Button";
import { Empty } from "../parts/Empty";
import { Notices } from "./notices";
import { aroundNavigation, paths, routes, useTitle } from "./router";
import { restoreSession, useSession, type Session } from "./session";
import { SignedInContext } from "./signedIn";

export function App() {
  return (
    <Boundary>
      <Router aroundNav={aroundNavigation}>
        <Switch>
          <Route path={routes.boards}>
            <Private>
              <Boards />
            </Private>
          </Route>
          <Route path={routes.operator}>
            <Private>
              <Operator />
            </Private>
          </Route>
          <Route path={routes.board}>
            {({ boardId = "", taskId }) => (
              <Private>
                <BoardPage key={boardId} boardId={boardId} taskId={taskId} />
              </Private>
            )}
          </Route>
          <Route>
            <NotFound />
          </Route>
        </Switch>
        <Notices />
      </Router>
    </Boundary>
  );
}

/** Shows a page to users who are signed in, and the sign-in page to others. */
function Private({ children }: { children: ReactNode }) {
  const session = useSession();
  switch (session.state) {
    case "unknown":
      return <main aria-busy="true" aria-label="Loading" />;
    case "unreachable":
      return (
        <main>
          <Empty icon={<WifiOff />} heading="h1" title="The server is not responding">
            <p>{session.reason}</p>
            <Button onClick={() => void restoreSession()}>Try again</Button>
          </Empty>
        </main>
      );
    case "signedOut":
      return <SignIn {...(session.reason === undefined ? {} : { reason: session.reason })} />;
    case "signedIn":
      return <SignedIn session={session}>{children}</SignedIn>;
  }
}

function SignedIn({ session: { user, client }, children }: { session: Extract<Session, { state: "signedIn" }>; children: ReactNode }) {
  const context = useMemo(() => ({ user, client }), [user, client]);
  return <SignedInContext value={context}>{children}</SignedInContext>;
}

/** The page at an unknown address, for everybody. */
function NotFound() {
  useTitle("Not found");
  return (
    <main>
      <Empty icon={<FileQuestion />} heading="h1" title="There is nothing at this address.">
        <p>Check the address for typing errors. The page may have been deleted.</p>
        <Link href={paths.boards}>Show your boards</Link>
      </Empty>
    </main>
  );
}
