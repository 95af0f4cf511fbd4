/** The credentials that a connection presents to the server, and whether others may follow after a refusal. */

/** Fetches a token; called again for each new one. */
export type TokenSource = () => string | Promise<string>;

/**
 * One of: a token, or a function that fetches one; an API key; a session's id; the session cookie of a browser, which the
 * browser itself presents.
 */
export type Credentials = { token: string | TokenSource } | { apiKey: string } | { sessionId: string } | { cookie: true };

/** Thrown when there are no credentials other than those that were refused. */
export class NoOtherCredentials extends Error {
  override readonly name = "NoOtherCredentials";
}

export class CredentialProvider {
  readonly #credentials: Credentials;
  #current: string | undefined;
  #refused: string | undefined;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Returns what the handshake presents. Fails if fetching a token fails, or with {@link NoOtherCredentials}. */
  async handshake(): Promise<Record<string, string>> {
    const credentials = this.#credentials;
    if ("apiKey" in credentials) return { apiKey: credentials.apiKey };
    if ("sessionId" in credentials) return { sessionId: credentials.sessionId };
    if ("cookie" in credentials) return {};
    return { token: await this.token() };
  }

  /** Returns a token for the handshake or for `auth:refresh`. */
  async token(): Promise<string> {
    if (!("token" in this.#credentials)) throw new NoOtherCredentials("these credentials cannot be renewed");
    const { token } = this.#credentials;
    const fetched = typeof token === "function" ? await token() : token;
    if (fetched === this.#refused) throw new NoOtherCredentials("the new token is the one that was refused");
    this.#current = fetched;
    return fetched;
  }

  /** Notes that the credentials presented last were refused. Returns whether there may be others. */
  reject(): boolean {
    this.#refused = this.#current;
    return this.renewable;
  }

  /** Forgets the refusal: the user has signed in again. */
  reset(): void {
    this.#refused = undefined;
  }

  /** Whether another token can be fetched. */
  get renewable(): boolean {
    return "token" in this.#credentials && typeof this.#credentials.token === "function";
  }

  /** When the current token ends, in milliseconds since 1970; `undefined` if that can't be known. */
  get expiresAt(): number | undefined {
    return this.#current === undefined ? undefined : expiryOf(this.#current);
  }
}

/** Returns the `exp` of a JWT in milliseconds; `undefined` if the token is not a JWT. The server checks the signature. */
export function expiryOf(token: string): number | undefined {
  try {
    const claims = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const { exp } = JSON.parse(claims) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
