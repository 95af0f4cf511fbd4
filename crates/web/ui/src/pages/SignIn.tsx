/** Signing in with a password. */
import { useState, type FormEvent } from "react";
import { reasonOf } from "../app/reason";
import { signIn } from "../app/session";
import { Button } from "../parts/Button";
import { formText } from "../parts/formText";
import { Logo } from "../parts/Header";
import { Problem } from "../parts/Problem";
import "../styles/sign-in.css";

export function SignIn({ reason }: { reason?: string }) {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(formText(form, "user").trim(), formText(form, "password"));
    } catch (error) {
      setProblem(reasonOf(error));
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <div className="sign-in-head">
          <Logo size={40} />
          <h1>Sign in to Boardwire</h1>
          <p className="faint">Live boards for people and agents.</p>
        </div>
        {reason !== undefined && problem === undefined && (
          <p className="sign-in-reason" role="status">
            {reason}
          </p>
        )}
        <Problem reason={problem} />
        <label className="field">
          <span>User</span>
          <input className="input" name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus />
        </label>
        <label className="field">
          <span>Password</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required />
        </label>
        <Button kind="primary" type="submit" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </Button>
        <p className="faint sign-in-hint">
          No account? The operator of this server can create one: <code>boardwire user create</code>
        </p>
      </form>
    </main>
  );
}
