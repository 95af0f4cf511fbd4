/** A time relative to now, kept up to date. */
import { useNow } from "../app/now";
import { ago, fullTime } from "../app/time";

export function Ago({ moment, className }: { moment: string; className?: string }) {
  return (
    <time className={className} dateTime={moment} title={fullTime(moment)}>
      {ago(moment, useNow())}
    </time>
  );
}
