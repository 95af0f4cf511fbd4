/** Times as text. */
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dates = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const datesWithYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const moments = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** Returns a time relative to now: “5 minutes ago”, “in 2 hours”. */
export function ago(moment: string, now: number): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  if (Number.isNaN(seconds)) return moment;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 0];
  return size === 0 ? "just now" : relative.format(Math.trunc(seconds / size), unit);
}

/** Returns the full date and time, for tooltips. */
export function fullTime(moment: string): string {
  const time = Date.parse(moment);
  return Number.isNaN(time) ? moment : moments.format(time);
}

/** Returns the text of a due date, which is a day or an instant, and whether it has passed or is soon. */
export function dueDate(date: string, now: Date): { text: string; tone: "over" | "soon" | "later" } {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(date);
  // A day is in the user's time zone, and lasts until its end.
  const end = isDay ? new Date(`${date}T23:59:59`) : new Date(date);
  if (Number.isNaN(end.getTime())) return { text: date, tone: "later" };
  const text = (end.getFullYear() === now.getFullYear() ? dates : datesWithYear).format(end);
  const hours = (end.getTime() - now.getTime()) / 3_600_000;
  return { text, tone: hours < 0 ? "over" : hours < 48 ? "soon" : "later" };
}
