/** Why something was refused, where it was asked for. Nothing as long as it was not. */
export function Problem({ reason }: { reason: string | undefined }) {
  if (reason === undefined) return null;
  return (
    <p className="problem" role="alert">
      {reason}
    </p>
  );
}
