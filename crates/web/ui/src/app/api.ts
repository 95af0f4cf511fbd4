/** HTTP requests to the server where there are no commands: for sessions, files and the operator's figures. */

let token: string | undefined;

/** Sets the token of this tab, which is sent instead of the session's cookie. */
export function setToken(value: string | undefined): void {
  token = value;
}

export function authorizationHeaders(): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

interface Options {
  body?: unknown;
  /** Statuses for which the result is `undefined`. */
  emptyStatuses?: readonly number[];
  signal?: AbortSignal;
}

/** Sends JSON and returns JSON. Fails with the message of the server. */
export async function request<Result>(method: string, path: string, { body, emptyStatuses = [], signal }: Options = {}): Promise<Result> {
  const isForm = body instanceof FormData;
  const response = await fetch(path, {
    method,
    headers: { accept: "application/json", ...authorizationHeaders(), ...(body === undefined || isForm ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (emptyStatuses.includes(response.status)) return undefined as Result;
  if (!response.ok) throw new Error(await errorMessage(response));
  return (response.status === 204 ? undefined : await response.json()) as Result;
}

/** Downloads a file. */
export async function download(path: string): Promise<Blob> {
  const response = await fetch(path, { headers: authorizationHeaders() });
  if (!response.ok) throw new Error(await errorMessage(response));
  return response.blob();
}

/** Yields server-sent events until the server ends the stream. An `EventSource` could not send the token of the tab. */
export async function* stream(path: string, signal: AbortSignal): AsyncGenerator<{ name: string; data: string }> {
  const response = await fetch(path, { headers: { accept: "text/event-stream", ...authorizationHeaders() }, signal });
  if (!response.ok || response.body === null) throw new Error(await errorMessage(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(event)?.[1] ?? "";
      yield { name: field("event"), data: field("data") };
    }
  }
}

async function errorMessage(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; retryAfter?: number };
  const wait = problem.retryAfter === undefined ? "" : ` Try again in ${Math.ceil(problem.retryAfter)} s.`;
  return `${problem.detail ?? `The server replied with status ${response.status}.`}${wait}`;
}
