/** A chart of the last minute: a bar for each second, the latest on the right. */
const SECONDS = 60;
const HEIGHT = 36;

export function Sparkline({ values, name }: { values: readonly number[]; name: string }) {
  const peak = Math.max(1, ...values);
  const first = SECONDS - values.length;
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${SECONDS * 4} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${name} over the last minute: peak ${Math.max(0, ...values)}`}
    >
      {values.map((value, at) => {
        const height = value === 0 ? 1 : Math.max(2, (value / peak) * HEIGHT);
        return <rect key={at} x={(first + at) * 4} y={HEIGHT - height} width={3} height={height} data-none={value === 0} />;
      })}
    </svg>
  );
}
