/** An error message next to the form that caused it. Renders nothing without a reason. */
export function Problem({ reason }: { reason: string | undefined }) {
  if (reason === undefined) return null;
  return (
    <p className="problem" role="alert">
      {reason}
    </p>
  );
}
