//! Positions: keys that sort as text, with room for another key between any two. A key is an integer and a fraction.
//! The integer's first character says how long it is (`a0` … `az`, then `b00` …; before `a0` come `Z0` … `Zz`, and
//! before those `Y00` … `Yzz`), so that appending and prepending hardly make keys longer. The fraction is in base 62
//! and never ends in `0`.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Keys with more characters than this are shortened by giving the items around them new positions.
pub const LONG: usize = 48;

fn value(digit: u8) -> usize {
    DIGITS.iter().position(|known| *known == digit).unwrap_or(0)
}

/// Returns the length of the integer, including its first character.
fn integer_len(head: u8) -> usize {
    match head {
        b'a'..=b'z' => usize::from(head - b'a') + 2,
        b'A'..=b'Z' => usize::from(b'Z' - head) + 2,
        _ => 1,
    }
}

fn split(key: &str) -> (&str, &str) {
    let len = key.bytes().next().map_or(0, integer_len).min(key.len());
    key.split_at(len)
}

/// Returns the next integer up or down; `None` at the end of the range, which is 62²⁶ steps away and never reached.
fn step(integer: &str, up: bool) -> Option<String> {
    let mut bytes = integer.as_bytes().to_vec();
    let (wrap, carry_to) = if up { (61, 0) } else { (0, 61) };
    for at in (1..bytes.len()).rev() {
        let digit = value(bytes[at]);
        if digit != wrap {
            bytes[at] = DIGITS[if up { digit + 1 } else { digit - 1 }];
            return String::from_utf8(bytes).ok();
        }
        bytes[at] = DIGITS[carry_to];
    }
    let head = *bytes.first()?;
    let next = match (head, up) {
        (b'z', true) | (b'A', false) => return None,
        (b'Z', true) => b'a',
        (b'a', false) => b'Z',
        (_, true) => head + 1,
        (_, false) => head - 1,
    };
    let fill = DIGITS[carry_to];
    let mut longer = vec![next];
    longer.resize(integer_len(next), fill);
    String::from_utf8(longer).ok()
}

/// Returns a fraction strictly between two, without trailing zeros. If `high` is empty, there is no upper bound.
fn midpoint(low: &str, high: &str) -> String {
    let (low, high) = (low.as_bytes(), high.as_bytes());
    let mut middle = Vec::new();
    let mut bounded = !high.is_empty();
    for at in 0..low.len().max(high.len()) + 2 {
        let below = low.get(at).map_or(0, |digit| value(*digit));
        let above = if bounded { high.get(at).map_or(0, |digit| value(*digit)) } else { 62 };
        if above > below + 1 {
            middle.push(DIGITS[(below + above) / 2]);
            break;
        }
        middle.push(DIGITS[below]);
        // Once a digit is lower than the upper bound's, the following ones are free.
        bounded &= above <= below;
    }
    String::from_utf8(middle).unwrap_or_default()
}

/// Returns a key strictly between two. `None` as a bound is before or after all keys. The bounds must be in order.
#[must_use]
pub fn between(low: Option<&str>, high: Option<&str>) -> String {
    match (low, high) {
        (None, None) => "a0".to_owned(),
        (Some(low), None) => {
            let (integer, fraction) = split(low);
            step(integer, true).unwrap_or_else(|| format!("{integer}{}", midpoint(fraction, "")))
        }
        (None, Some(high)) => {
            let (integer, fraction) = split(high);
            if !fraction.is_empty() {
                return integer.to_owned();
            }
            step(integer, false).unwrap_or_else(|| format!("{integer}{}", midpoint("", fraction)))
        }
        (Some(low), Some(high)) => {
            let ((low_integer, low_fraction), (high_integer, high_fraction)) = (split(low), split(high));
            if low_integer == high_integer {
                return format!("{low_integer}{}", midpoint(low_fraction, high_fraction));
            }
            match step(low_integer, true) {
                Some(next) if next.as_str() < high => next,
                _ => format!("{low_integer}{}", midpoint(low_fraction, "")),
            }
        }
    }
}

/// Returns `count` keys between two, in order and as short as possible.
#[must_use]
pub fn spread(low: Option<&str>, high: Option<&str>, count: usize) -> Vec<String> {
    let mut keys = Vec::with_capacity(count);
    if high.is_none() {
        for _ in 0..count {
            keys.push(between(keys.last().map(String::as_str).or(low), None));
        }
        return keys;
    }
    if count > 0 {
        let middle = between(low, high);
        keys = spread(low, Some(&middle), count / 2);
        let upper = spread(Some(&middle), high, count - count / 2 - 1);
        keys.push(middle);
        keys.extend(upper);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(low: Option<&str>, high: Option<&str>) -> String {
        let key = between(low, high);
        assert!(low.is_none_or(|low| low < key.as_str()), "{low:?} < {key}");
        assert!(high.is_none_or(|high| key.as_str() < high), "{key} < {high:?}");
        key
    }

    #[test]
    fn keys_stay_short_when_appending_and_prepending() {
        let (mut last, mut first) = (check(None, None), check(None, None));
        for _ in 0..20_000 {
            last = check(Some(&last), None);
            first = check(None, Some(&first));
        }
        assert!(last.len() <= 4 && first.len() <= 4, "{last} {first}");
    }

    #[test]
    fn there_is_always_a_key_between_two() {
        let (mut low, mut high) = ("a0".to_owned(), "a1".to_owned());
        for round in 0..2_000 {
            let key = check(Some(&low), Some(&high));
            if round % 3 == 0 { low = key } else { high = key }
        }
    }

    #[test]
    fn spread_keys_are_in_order_and_short() {
        for (low, high) in [(None, None), (Some("a0"), Some("a1")), (None, Some("a0V")), (Some("a0zz"), Some("a1"))] {
            let keys = spread(low, high, 1_000);
            assert_eq!(keys.len(), 1_000);
            assert!(keys.is_sorted_by(|left, right| left < right));
            assert!(low.is_none_or(|low| low < keys[0].as_str()));
            assert!(high.is_none_or(|high| keys[999].as_str() < high));
            assert!(keys.iter().all(|key| key.len() <= 8), "{:?}", keys.iter().max_by_key(|key| key.len()));
        }
    }
}
