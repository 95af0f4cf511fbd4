/**
 * Positions of tasks and columns, as the server makes them: keys that sort as text, with room for another between any two.
 * A key is an integer that begins with its length (`a0` … `az`, then `b00` …; before `a0` come `Z0` … `Zz`, and before those
 * `Y00` … `Yzz`), followed by a fraction in base 62 that never ends in `0`. Here they only place a change until the server's own
 * position is known.
 */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MAX_DIGIT = DIGITS.length - 1;

/** Compares texts by code units, as the server sorts them. */
export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Returns a key strictly between two. A missing bound stands for the beginning or the end. If the bounds are out of order, the key
 * is after the first.
 */
export function between(low: string | undefined, high: string | undefined): string {
  if (low === undefined && high === undefined) return "a0";
  if (low === undefined) return keyBefore(high ?? "a0");
  const [integer, fraction] = splitKey(low);
  if (high === undefined || high <= low) return adjacentInteger(integer, true) ?? integer + midpoint(fraction, "");
  const [highInteger, highFraction] = splitKey(high);
  if (integer === highInteger) return integer + midpoint(fraction, highFraction);
  const next = adjacentInteger(integer, true);
  return next !== undefined && next < high ? next : integer + midpoint(fraction, "");
}

/** Returns keys for the items of a new list, in order. */
export function initialKeys(count: number): string[] {
  const keys: string[] = [];
  while (keys.length < count) keys.push(between(keys.at(-1), undefined));
  return keys;
}

function keyBefore(high: string): string {
  const [integer, fraction] = splitKey(high);
  if (fraction !== "") return integer;
  return adjacentInteger(integer, false) ?? integer + midpoint("", fraction);
}

function splitKey(key: string): [integer: string, fraction: string] {
  const head = key.charAt(0);
  let length = 1;
  if (head >= "a" && head <= "z") length = head.charCodeAt(0) - 97 + 2;
  else if (head >= "A" && head <= "Z") length = 90 - head.charCodeAt(0) + 2;
  return [key.slice(0, length), key.slice(length)];
}

/** Returns the next higher or lower integer; `undefined` at the end of the range. */
function adjacentInteger(integer: string, up: boolean): string | undefined {
  const [wrap, fill] = up ? [MAX_DIGIT, 0] : [0, MAX_DIGIT];
  const digits = [...integer];
  for (let at = digits.length - 1; at > 0; at -= 1) {
    const digit = digitValue(digits[at]);
    if (digit !== wrap) {
      digits[at] = DIGITS.charAt(digit + (up ? 1 : -1));
      return digits.join("");
    }
    digits[at] = DIGITS.charAt(fill);
  }
  const head = integer.charAt(0);
  if (head === (up ? "z" : "A")) return undefined;
  const signChange = up ? ["Z", "a"] : ["a", "Z"];
  const next = head === signChange[0] ? (signChange[1] ?? head) : String.fromCharCode(head.charCodeAt(0) + (up ? 1 : -1));
  const [longest] = splitKey(next + DIGITS.charAt(fill).repeat(integer.length + 1));
  return longest;
}

/** Returns a fraction strictly between two, without trailing zeros. An empty `high` is no upper bound. */
function midpoint(low: string, high: string): string {
  let middle = "";
  let bounded = high !== "";
  for (let at = 0; at < Math.max(low.length, high.length) + 2; at += 1) {
    const lowDigit = digitValue(low[at]);
    const highDigit = !bounded ? DIGITS.length : digitValue(high[at]);
    if (highDigit > lowDigit + 1) return middle + DIGITS.charAt(Math.floor((lowDigit + highDigit) / 2));
    middle += DIGITS.charAt(lowDigit);
    // Once a digit is lower than that of the upper bound, the digits after it have no upper bound.
    bounded &&= highDigit <= lowDigit;
  }
  return middle;
}

function digitValue(digit: string | undefined): number {
  return digit === undefined ? 0 : Math.max(0, DIGITS.indexOf(digit));
}
