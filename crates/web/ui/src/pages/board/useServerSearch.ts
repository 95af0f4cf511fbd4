/** Searches on the server, which also finds cards by their comments: the page has not loaded those. */
import { useEffect, useState } from "react";
import { useSignedIn } from "../../app/signedIn";

/** How long nothing is typed before the search is sent, in milliseconds. */
const DEBOUNCE_MS = 250;
const MAX_HITS = 50;
const NONE: ReadonlySet<string> = new Set();

export function useServerSearch(boardId: string, text: string): ReadonlySet<string> {
  const { client } = useSignedIn();
  const [found, setFound] = useState({ query: "", ids: NONE });
  const query = text.trim();
  useEffect(() => {
    if (query === "") return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      client.send("task:search", { query, boardId, limit: MAX_HITS }, { signal: controller.signal }).then(
        ({ hits }) => {
          if (!controller.signal.aborted) setFound({ query, ids: new Set(hits.map(({ taskId }) => taskId)) });
        },
        // The results from the page itself are still shown.
        () => {},
      );
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, boardId, query]);
  return found.query === query ? found.ids : NONE;
}
