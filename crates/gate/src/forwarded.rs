//! Reads what proxies say about the requests that they forward: `Forwarded` (RFC 7239), and the older
//! `X-Forwarded-For`, `-Proto` and `-Host`. Whether that is believed is decided in `peer.rs`.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What one proxy says about its caller.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The caller's address; `None` if it is withheld or can't be read.
    pub(crate) address: Option<IpAddr>,
    /// Whether the caller came over TLS.
    pub(crate) https: bool,
    /// The host that the caller asked for, as in `Host`.
    pub(crate) host: Option<String>,
}

/// Returns the hops in `Forwarded`, the nearest proxy's first.
pub(crate) fn standard(headers: &HeaderMap) -> Vec<Hop> {
    let elements = values(headers, header::FORWARDED).flat_map(|value| split(value, ','));
    let mut hops: Vec<_> = elements.map(parse_element).collect();
    hops.reverse();
    hops
}

fn parse_element(text: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in split(text, ';').filter_map(|pair| pair.split_once('=')) {
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = parse_address(&value),
            "proto" => hop.https = is_tls(&value),
            "host" => hop.host = Some(value),
            _ => {}
        }
    }
    hop
}

/// Returns the hops in the older headers, the nearest proxy's first. If a list is too short, its first value
/// is repeated.
pub(crate) fn older(headers: &HeaderMap) -> Vec<Hop> {
    let list = |name: HeaderName| -> Vec<&str> {
        values(headers, name).flat_map(|value| value.split(',')).map(str::trim).collect()
    };
    let (addresses, protocols, hosts) = (list(FOR), list(PROTO), list(HOST));
    let at_least = usize::from(!protocols.is_empty() || !hosts.is_empty());
    let at = |list: &[&str], hop: usize| list.iter().rev().nth(hop).or(list.first()).map(|text| (*text).to_owned());
    let hop = |number| Hop {
        address: addresses.iter().rev().nth(number).and_then(|text| parse_address(text)),
        https: at(&protocols, number).is_some_and(|text| is_tls(&text)),
        host: at(&hosts, number),
    };
    (0..addresses.len().max(at_least)).map(hop).collect()
}

fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    // A header that is not text counts as a caller that withholds its address.
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("unknown"))
}

/// Splits at a character outside quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return letter == at && !quoted,
        }
        false
    })
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return text.to_owned() };
    let mut escaped = false;
    inner
        .chars()
        .filter(|letter| {
            escaped = *letter == '\\' && !escaped;
            !escaped
        })
        .collect()
}

fn is_tls(protocol: &str) -> bool {
    ["https", "wss"].iter().any(|tls| protocol.eq_ignore_ascii_case(tls))
}

/// Parses an address, with or without a port; IPv6 with or without brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok();
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn hop(address: &str, https: bool, host: Option<&str>) -> Hop {
        Hop { address: address.parse().ok(), https, host: host.map(str::to_owned) }
    }

    #[test]
    fn the_standard_header_is_read_from_the_nearest_proxy_on() {
        let lines = [
            ("forwarded", "for=192.0.2.43;proto=https;host=board.example, For=\"[2001:db8::1]:4711\" ; by=203.0.113.9"),
            ("forwarded", "for=unknown, for=_secret;proto=http, for=\"198.51.100.1:80\";host=\"a,b;c\\\"d\""),
        ];
        let expected = [
            hop("198.51.100.1", false, Some("a,b;c\"d")),
            hop("", false, None),
            hop("", false, None),
            hop("2001:db8::1", false, None),
            hop("192.0.2.43", true, Some("board.example")),
        ];
        assert_eq!(standard(&headers(&lines)), expected);
        assert_eq!(standard(&headers(&[])), []);
    }

    #[test]
    fn the_older_headers_are_read_from_the_nearest_proxy_on() {
        let lines =
            [("x-forwarded-for", "192.0.2.43, 2001:db8::1"), ("x-forwarded-for", "::ffff:198.51.100.1, nonsense")];
        let expected = ["", "198.51.100.1", "2001:db8::1", "192.0.2.43"].map(|address| hop(address, false, None));
        assert_eq!(older(&headers(&lines)), expected);
        let lines = [("x-forwarded-for", "192.0.2.43, 10.0.0.1"), ("x-forwarded-proto", "https, http")];
        assert_eq!(older(&headers(&lines)), [hop("10.0.0.1", false, None), hop("192.0.2.43", true, None)]);
        let repeated = [("x-forwarded-for", "192.0.2.43, 10.0.0.1"), ("x-forwarded-host", "board.example")];
        let both = [hop("10.0.0.1", false, Some("board.example")), hop("192.0.2.43", false, Some("board.example"))];
        assert_eq!(older(&headers(&repeated)), both);
        assert_eq!(older(&headers(&[("x-forwarded-proto", "WSS")])), [hop("", true, None)]);
        assert_eq!(older(&headers(&[])), []);
    }
}
