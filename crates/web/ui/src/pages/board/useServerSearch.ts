/** Cards that the server finds by words in their comments, which the page does not have. */
import { useEffect, useState } from "react";
import { useSignedIn } from "../../app/signedIn";

/** The typing rests this long before the server is asked. */
const DEBOUNCE_MS = 250;
const MOST = 50;
const NONE: ReadonlySet<string> = new Set();

export function useServerSearch(boardId: string, text: string): ReadonlySet<string> {
  const { client } = useSignedIn();
  const [found, setFound] = useState({ query: "", ids: NONE });
  const query = text.trim();
  useEffect(() => {
    if (query === "") return;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      client.send("task:search", { query, boardId, limit: MOST }, { signal: leaving.signal }).then(
        ({ hits }) => {
          if (!leaving.signal.aborted) setFound({ query, ids: new Set(hits.map(({ taskId }) => taskId)) });
        },
        // What the page has itself is shown all the same.
        () => {},
      );
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [client, boardId, query]);
  return found.query === query ? found.ids : NONE;
}
