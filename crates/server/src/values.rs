//! Parsers for the values of settings whose types lack a suitable one. Their errors name the expected form.

use std::{
    fmt::Display,
    net::{Ipv6Addr, SocketAddr, ToSocketAddrs as _},
    num::ParseIntError,
    str::FromStr,
    time::Duration,
};

use boardwire_auth::{Permissions, UnknownPermission};
use boardwire_protocol::is_hidden;

const DAY: u64 = 86_400;
/// Ten years, leap days included.
const MAX_DURATION: Duration = Duration::from_secs(3653 * DAY);

/// Parses an address to listen on: an IP address or a name, with a port. Of a name's addresses, IPv4 comes first.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    const FORM: &str = "ADDRESS:PORT, such as 127.0.0.1:3456, localhost:3456, [::1]:3456 or, for all addresses of this \
                        machine, 0.0.0.0:3456";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || format!("the form is {FORM}");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if !is_host_name(host) {
        return Err(wrong());
    }
    let unknown = |why: String| format!("the name {host} has no address here ({why}); the form is {FORM}");
    let found: Vec<_> = (host, port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?.collect();
    let address = found.iter().find(|address| address.is_ipv4()).or(found.first());
    address.copied().ok_or_else(|| unknown("none found".to_owned()))
}

/// Parses an origin as browsers send it, or `*`. A trailing slash is dropped. An empty text, from a variable that is
/// set to nothing, means none.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text == "*" || text.is_empty() {
        return Ok(text.to_owned());
    }
    let origin = text.strip_suffix('/').unwrap_or(text);
    match origin.split_once("://") {
        Some((scheme, authority)) if is_scheme(scheme) && is_authority(authority) => Ok(origin.to_owned()),
        _ => Err("an origin is * or scheme://host[:port] without a path, such as https://board.example".to_owned()),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Returns whether the text is `host` or `host:port`, without an account.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = ipv6.map_or_else(|| is_host_name(host), |host| host.parse::<Ipv6Addr>().is_ok());
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Returns whether the text is a name or an IPv4 address.
fn is_host_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// Parses a number that must be at least one.
pub(crate) fn positive<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err = ParseIntError> + From<u8> + PartialOrd + Display,
{
    at_least(T::from(1), text)
}

/// Parses the size of the largest message, in bytes: at least 1024, because a smaller one has no room for a task.
pub(crate) fn payload_size(text: &str) -> Result<u64, String> {
    at_least(1024, text)
}

fn at_least<T>(least: T, text: &str) -> Result<T, String>
where
    T: FromStr<Err = ParseIntError> + PartialOrd + Display,
{
    let number: T = text.parse().map_err(|error: ParseIntError| error.to_string())?;
    if number < least { Err(format!("it must be at least {least}")) } else { Ok(number) }
}

/// Parses a duration: a number with its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with s, m, h or d behind it, such as 24h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let parsed = Duration::from_secs(number.saturating_mul(seconds));
    if parsed > MAX_DURATION {
        return Err("ten years (3653d) at most".to_owned());
    }
    if parsed.is_zero() { Err(wrong()) } else { Ok(parsed) }
}

/// The longest name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 200;

/// Parses the name of a user or an API key, as others see it. Characters that could move a terminal's cursor, hide
/// text or change its direction are refused.
pub(crate) fn display_name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a user needs a name that others can see, such as \"Ada Lovelace\"".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("a name has no control characters, such as line breaks, tabs or escapes".to_owned());
    }
    if let Some(hidden) = text.chars().find(|&letter| is_hidden(letter)) {
        let code = u32::from(hidden);
        return Err(format!("a name has no characters that hide text or turn its direction, such as U+{code:04X}"));
    }
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(format!("a name has {MAX_NAME_CHARS} characters at most"));
    }
    Ok(text.to_owned())
}

/// Parses a user's permissions; an empty set must be given as `none`.
pub(crate) fn permissions_or_none(text: &str) -> Result<Permissions, String> {
    if text.trim() == "none" {
        return Ok(Permissions::NONE);
    }
    let permissions: Permissions = text.parse().map_err(|error: UnknownPermission| error.to_string())?;
    if permissions.is_empty() { Err("read, write, admin, or none".to_owned()) } else { Ok(permissions) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_address_is_an_ip_address_or_a_name_with_a_port() {
        for address in ["127.0.0.1:3456", "[::1]:3456", "0.0.0.0:0"] {
            assert_eq!(listen_address(address), Ok(address.parse().unwrap()));
        }
        assert_eq!(listen_address("localhost:3456"), Ok("127.0.0.1:3456".parse().unwrap()));
        for wrong in ["", "3456", ":3456", "localhost", "localhost:", "localhost:70000", "::1:3456", "*:3456", "a b:1"]
        {
            assert!(listen_address(wrong).unwrap_err().contains("ADDRESS:PORT"), "{wrong}");
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_no_path() {
        for valid in ["*", "https://board.example", "http://localhost:5173", "http://[::1]:80", "capacitor://localhost"]
        {
            assert_eq!(origin(valid), Ok(valid.to_owned()));
        }
        assert_eq!(origin(" https://board.example/ "), Ok("https://board.example".to_owned()));
        assert_eq!(origin(" "), Ok(String::new()));
        for wrong in [
            "/",
            "null",
            "board.example",
            "https://",
            "https:///",
            "https://board.example/app",
            "https://board.example//",
            "https://board.example?a",
            "https://board.example#a",
            "https://ann@board.example",
            "https://*.example",
            "https://board.example:",
            "https://board.example:0",
            "https://board.example:99999",
            "https://::1",
            "https://[nine]",
            "1s://board.example",
            "https://a b",
        ] {
            assert!(origin(wrong).unwrap_err().contains("scheme://host[:port]"), "{wrong}");
        }
    }

    #[test]
    fn numbers_below_the_minimum_are_refused() {
        assert_eq!(positive::<u32>("1"), Ok(1));
        assert_eq!(positive::<usize>("0"), Err("it must be at least 1".to_owned()));
        assert!(positive::<u32>("4294967296").is_err() && positive::<u64>("-1").is_err());
        assert_eq!(payload_size("1024"), Ok(1024));
        assert_eq!(payload_size("1023"), Err("it must be at least 1024".to_owned()));
    }

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(duration("24h"), Ok(Duration::from_secs(DAY)));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("3653d"), Ok(MAX_DURATION));
        for wrong in ["", "h", "24", "-1h", "0s", "1w", "ä"] {
            assert!(duration(wrong).unwrap_err().contains("24h"), "{wrong}");
        }
        for long in ["3654d", "999999999999d", "18446744073709551615h"] {
            assert!(duration(long).unwrap_err().contains("ten years"), "{long}");
        }
    }

    #[test]
    fn an_empty_set_of_permissions_must_be_given_as_none() {
        assert_eq!(permissions_or_none("none"), Ok(Permissions::NONE));
        assert_eq!(permissions_or_none("read,write"), Ok(Permissions::READ_WRITE));
        for wrong in ["", " ", "none,read", "root"] {
            assert!(permissions_or_none(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_has_no_control_or_hidden_characters() {
        assert_eq!(display_name("Ada"), Ok("Ada".to_owned()));
        for blank in ["", " ", "\t\n"] {
            assert!(display_name(blank).is_err());
        }
        for unsafe_name in ["Ada\n0123  eve  valid", "\u{1b}[2JAda", "Ada\t", "Ada\u{7f}", "\u{9b}2J"] {
            assert!(display_name(unsafe_name).unwrap_err().contains("no control characters"), "{unsafe_name:?}");
        }
        for hidden in ["Ada\u{202e}", "\u{2066}Ada", "A\u{200b}da", "Ada\u{e0041}"] {
            assert!(display_name(hidden).unwrap_err().contains("turn its direction"), "{hidden:?}");
        }
        // Joiners belong to the scripts and emoji that use them.
        assert!(display_name("می\u{200c}خواهم 👩\u{200d}💻").is_ok());
        assert!(display_name(&"ä".repeat(MAX_NAME_CHARS)).is_ok());
        assert!(display_name(&"ä".repeat(MAX_NAME_CHARS + 1)).unwrap_err().contains("200 characters"));
    }
}
