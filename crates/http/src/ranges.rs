//! The part of a file that a request asks for: RFC 9110, section 14.

use std::ops::Range;

/// The bytes that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestedRange {
    /// The whole file: there is no range, or none that this server serves.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Only bytes that the file does not have.
    Unsatisfiable,
}

impl RequestedRange {
    /// Reads the header `Range` for a file of `size` bytes. Only single ranges are served; a request for several gets
    /// the whole file, which section 14.2 leaves to the server.
    pub(crate) fn of(header: &str, size: u64) -> Self {
        let Some((unit, ranges)) = header.split_once('=') else { return Self::Whole };
        if !unit.trim().eq_ignore_ascii_case("bytes") || size == 0 {
            return Self::Whole;
        }
        let Some((first, last)) = ranges.trim().split_once('-') else { return Self::Whole };
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number that is too large to parse is larger than any file.
            is_number.then(|| text.parse().unwrap_or(u64::MAX))
        };
        match (number(first), number(last)) {
            (None, Some(suffix)) if first.is_empty() => match suffix {
                0 => Self::Unsatisfiable,
                _ => Self::Part(size.saturating_sub(suffix)..size),
            },
            (Some(first), Some(last)) if last < first => Self::Whole,
            (Some(first), Some(last)) if first < size => Self::Part(first..last.saturating_add(1).min(size)),
            (Some(first), None) if last.is_empty() && first < size => Self::Part(first..size),
            (Some(_), Some(_)) => Self::Unsatisfiable,
            (Some(_), None) if last.is_empty() => Self::Unsatisfiable,
            _ => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_the_grammar() {
        let part = |range| RequestedRange::Part(range);
        for (header, wanted) in [
            ("bytes=0-0", part(0..1)),
            ("bytes=2-4", part(2..5)),
            ("Bytes=2-4", part(2..5)),
            ("bytes= 2-4 ", part(2..5)),
            ("bytes=2-", part(2..10)),
            ("bytes=2-99", part(2..10)),
            ("bytes=2-99999999999999999999999", part(2..10)),
            ("bytes=-3", part(7..10)),
            ("bytes=-99", part(0..10)),
            ("bytes=10-", RequestedRange::Unsatisfiable),
            ("bytes=10-12", RequestedRange::Unsatisfiable),
            ("bytes=99999999999999999999999-", RequestedRange::Unsatisfiable),
            ("bytes=-0", RequestedRange::Unsatisfiable),
            ("bytes=4-2", RequestedRange::Whole),
            ("bytes=0-1,4-5", RequestedRange::Whole),
            ("bytes=", RequestedRange::Whole),
            ("bytes=-", RequestedRange::Whole),
            ("bytes=a-b", RequestedRange::Whole),
            ("bytes=+1-2", RequestedRange::Whole),
            ("bytes=1--2", RequestedRange::Whole),
            ("lines=1-2", RequestedRange::Whole),
            ("bytes", RequestedRange::Whole),
            ("", RequestedRange::Whole),
        ] {
            assert_eq!(RequestedRange::of(header, 10), wanted, "{header:?}");
        }
        assert_eq!(RequestedRange::of("bytes=0-0", 0), RequestedRange::Whole);
    }
}
