//! Entity tags, and lists of them in `If-Match` and `If-None-Match`: RFC 9110, sections 8.8.3 and 13.1.

use http::{HeaderMap, HeaderName};

/// One entity tag, as a client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag {
    /// Whether it is weak: it does not promise that the bytes are the same.
    pub(crate) weak: bool,
    /// The bytes between the quotes.
    pub(crate) opaque: Vec<u8>,
}

/// The value of a header that lists tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntityTags {
    /// `*`: any representation.
    Any,
    /// One of these.
    These(Vec<EntityTag>),
}

/// The header is present, but not a list of entity tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl EntityTags {
    /// Reads the header; returns `None` if it is absent. Several lines are one list.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(crate) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Malformed> {
        let lines: Vec<_> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        if lines.is_empty() { Ok(None) } else { Self::parse(&lines.join(&b',')).map(Some) }
    }

    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if text.trim_ascii() == b"*" {
            return Ok(Self::Any);
        }
        let (mut tags, mut rest) = (Vec::new(), text);
        loop {
            // Elements may be empty.
            rest = trim_start(rest);
            if let Some(after) = rest.strip_prefix(b",") {
                rest = after;
                continue;
            }
            if rest.is_empty() {
                break;
            }
            let (tag, after) = EntityTag::first(rest).ok_or(Malformed)?;
            rest = trim_start(after);
            if !rest.is_empty() && !rest.starts_with(b",") {
                return Err(Malformed);
            }
            tags.push(tag);
        }
        if tags.is_empty() { Err(Malformed) } else { Ok(Self::These(tags)) }
    }

    /// Returns whether one of them matches this tag. Weak tags match too, which suffices for reading.
    pub(crate) fn match_weakly(&self, opaque: Option<&str>) -> bool {
        self.matched(opaque, |_| true)
    }

    /// Returns whether one of them matches this tag and promises that the bytes are the same.
    pub(crate) fn match_strongly(&self, opaque: Option<&str>) -> bool {
        self.matched(opaque, |tag| !tag.weak)
    }

    fn matched(&self, opaque: Option<&str>, counts: impl Fn(&EntityTag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => {
                opaque.is_some_and(|opaque| tags.iter().any(|tag| tag.opaque == opaque.as_bytes() && counts(tag)))
            }
        }
    }
}

impl EntityTag {
    /// Returns the tag at the start of a text, and what follows it.
    fn first(text: &[u8]) -> Option<(Self, &[u8])> {
        let (weak, text) = text.strip_prefix(b"W/").map_or((false, text), |text| (true, text));
        let text = text.strip_prefix(b"\"")?;
        let end = text.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = (&text[..end], &text[end + 1..]);
        let fits = opaque.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..));
        fits.then(|| (Self { weak, opaque: opaque.to_owned() }, after))
    }
}

/// Returns the text without leading whitespace.
fn trim_start(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    /// Returns the tags of these lines, weak ones with `W/` in front.
    fn read(lines: &[&str]) -> Result<Vec<String>, Malformed> {
        let headers = lines.iter().map(|line| (IF_MATCH, line.parse().expect("a header"))).collect();
        Ok(match EntityTags::read(&headers, &IF_MATCH)? {
            None => Vec::new(),
            Some(EntityTags::Any) => vec!["any".to_owned()],
            Some(EntityTags::These(tags)) => {
                let shown = |tag: &EntityTag| {
                    format!("{}{}", if tag.weak { "W/" } else { "" }, String::from_utf8_lossy(&tag.opaque))
                };
                tags.iter().map(shown).collect()
            }
        })
    }

    #[test]
    fn lists_follow_the_grammar() {
        let cases: [(&[&str], &[&str]); 10] = [
            (&[], &[]),
            (&["*"], &["any"]),
            (&[" * "], &["any"]),
            (&["\"7\""], &["7"]),
            (&["W/\"7\""], &["W/7"]),
            (&["\"\""], &[""]),
            (&["\"7\", W/\"8\" ,\"9\""], &["7", "W/8", "9"]),
            (&[", ,\"7\",,"], &["7"]),
            (&["\"7\"", "\"8\""], &["7", "8"]),
            (&["\"a,b\", \"*\""], &["a,b", "*"]),
        ];
        for (lines, expected) in cases {
            let expected = expected.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(read(lines), Ok(expected), "{lines:?}");
        }
    }

    #[test]
    fn anything_but_a_list_of_tags_is_malformed() {
        for lines in [
            &[""][..],
            &[","],
            &["7"],
            &["\"7"],
            &["7\""],
            &["w/\"7\""],
            &["W/ \"7\""],
            &["\"7\" \"8\""],
            &["\"7\", *"],
            &["*", "*"],
            &["\"a b\""],
        ] {
            assert_eq!(read(lines), Err(Malformed), "{lines:?}");
        }
    }

    #[test]
    fn weak_tags_match_only_in_a_weak_comparison() {
        let tags = |text: &str| EntityTags::parse(text.as_bytes()).expect("a list");
        for (text, weakly, strongly) in [
            ("\"7\"", true, true),
            ("W/\"7\"", true, false),
            ("W/\"7\", \"7\"", true, true),
            ("\"8\", \"6\"", false, false),
            ("*", true, true),
        ] {
            assert_eq!(tags(text).match_weakly(Some("7")), weakly, "{text}");
            assert_eq!(tags(text).match_strongly(Some("7")), strongly, "{text}");
        }
        assert!(!tags("\"7\"").match_weakly(None) && tags("*").match_weakly(None));
    }
}
