//! The other end of a request: its address, its transport and the host that it asked for. The server determines these
//! once per request and puts them into the request's extensions, where all doors find them.

use std::{net::IpAddr, str::FromStr, sync::Once};

use http::{HeaderMap, header};
use ipnet::IpNet;

use crate::{
    TcpConnection,
    forwarded::{self, Hop},
};

/// The other end of a request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The client's address, never IPv4 in IPv6 form. Behind trusted proxies it is the address of their caller.
    pub address: IpAddr,
    /// Whether the client came over TLS, which only a trusted proxy can say.
    pub https: bool,
    /// The host that the client asked for, with its port if it named one: `board.example`, `[::1]:3456`.
    pub host: Option<String>,
    /// The connection to the server, which may be a proxy's.
    pub connection: TcpConnection,
}

impl Peer {
    /// Returns the origin of the server's own pages as this client's browser sees it: `https://board.example`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let host = self.host.as_deref()?;
        let (scheme, default_port) = if self.https { ("https", ":443") } else { ("http", ":80") };
        Some(format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(host)))
    }
}

/// The trusted proxies: addresses and networks, separated by commas. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        named.map(parse_network).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    /// The length of the prefix of an IPv4 address written as an IPv6 address, in bits.
    const MAPPED: u8 = 96;
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let canonical = |network: IpNet| match network.addr().to_canonical() {
        address @ IpAddr::V4(_) if network.prefix_len() >= MAPPED && network.addr().is_ipv6() => {
            IpNet::new(address, network.prefix_len() - MAPPED).unwrap_or(network)
        }
        _ => network,
    };
    address
        .or_else(|_| text.parse::<IpNet>().map(canonical))
        .map_err(|_| format!("{text:?} is neither an address nor a network, such as 127.0.0.1, ::1 or 10.0.0.0/8"))
}

/// Warns once that there seems to be a proxy, on this machine or in its network, that is not configured.
fn warn_of_untrusted_proxy(remote: IpAddr, headers: &HeaderMap) {
    static ONCE: Once = Once::new();
    let is_near = match remote {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    if is_near && (headers.contains_key(header::FORWARDED) || headers.contains_key("x-forwarded-for")) {
        ONCE.call_once(|| {
            tracing::warn!(
                %remote,
                "requests come through a proxy that is not trusted, so its clients count as one for the limits; \
                 name it with --trusted-proxies {remote}"
            );
        });
    }
}

impl Proxies {
    /// Returns whether this address is a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the sender of a request that came over a connection from `remote`.
    #[must_use]
    pub fn peer(&self, remote: IpAddr, headers: &HeaderMap, connection: TcpConnection) -> Peer {
        let remote = remote.to_canonical();
        let (address, hop) = self.named_client(remote, headers).unwrap_or((remote, Hop::default()));
        let host = || headers.get(header::HOST)?.to_str().ok().map(str::to_owned);
        Peer { address, https: hop.https, host: hop.host.or_else(host), connection }
    }

    /// Returns the client that trusted proxies name: its address, and the hop that says how it came.
    fn named_client(&self, remote: IpAddr, headers: &HeaderMap) -> Option<(IpAddr, Hop)> {
        if !self.trust(remote) {
            warn_of_untrusted_proxy(remote, headers);
            return None;
        }
        let standard = self.walk(remote, forwarded::standard(headers));
        let older = self.walk(remote, forwarded::older(headers));
        match (standard, older) {
            // A proxy writes one of them and passes on the other as the client sent it; which one is not known.
            (Some((one, _)), Some((other, _))) if one != other => None,
            (standard, older) => standard.or(older),
        }
    }

    /// Returns the first address, seen from the nearest proxy, that is not a trusted proxy's.
    fn walk(&self, remote: IpAddr, hops: Vec<Hop>) -> Option<(IpAddr, Hop)> {
        let (mut address, mut last) = (remote, None);
        for hop in hops {
            let next = hop.address;
            last = Some(hop);
            let Some(next) = next else { break };
            address = next;
            if !self.trust(address) {
                break;
            }
        }
        last.map(|hop| (address, hop))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn check(remote: &str, lines: &[(&'static str, &'static str)], address: &str, origin: &str) {
        let proxies: Proxies =
            "127.0.0.1, 10.0.0.0/8,fd00::/8,::ffff:192.0.2.1,::ffff:198.18.0.0/111".parse().expect("proxies");
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("inside:3456"))]);
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let peer =
            proxies.peer(remote.parse().expect("an address"), &headers, TcpConnection::new(CancellationToken::new()));
        assert_eq!((peer.address.to_string().as_str(), peer.origin().as_deref()), (address, Some(origin)), "{lines:?}");
    }

    #[test]
    fn headers_from_an_untrusted_address_are_ignored() {
        let lines = [("x-forwarded-for", "203.0.113.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "a")];
        check("203.0.113.9", &lines, "203.0.113.9", "http://inside:3456");
        check("203.0.113.9", &[("forwarded", "for=203.0.113.1;proto=https")], "203.0.113.9", "http://inside:3456");
        check("::ffff:203.0.113.9", &[], "203.0.113.9", "http://inside:3456");
    }

    #[test]
    fn the_rightmost_untrusted_address_is_the_client() {
        let inside = "http://inside:3456";
        check("127.0.0.1", &[("x-forwarded-for", "198.51.100.7, 203.0.113.1, 10.1.2.3")], "203.0.113.1", inside);
        check("::ffff:127.0.0.1", &[("x-forwarded-for", "203.0.113.1")], "203.0.113.1", inside);
        check("192.0.2.1", &[("x-forwarded-for", "::ffff:203.0.113.1")], "203.0.113.1", inside);
        check("198.19.7.1", &[("x-forwarded-for", "203.0.113.1")], "203.0.113.1", inside);
        check(
            "fd00::1",
            &[("forwarded", "for=\"[2001:db8::5]:80\";proto=https")],
            "2001:db8::5",
            "https://inside:3456",
        );
        // All of them are proxies: the outermost counts.
        check("127.0.0.1", &[("x-forwarded-for", "10.0.0.7, 10.0.0.8")], "10.0.0.7", inside);
        // An address that can't be read is unknown, and so is everything behind it.
        check("127.0.0.1", &[("x-forwarded-for", "203.0.113.1, nonsense, 10.1.2.3")], "10.1.2.3", inside);
        check("127.0.0.1", &[("forwarded", "for=203.0.113.1, for=_hidden")], "127.0.0.1", inside);
        check("127.0.0.1", &[], "127.0.0.1", inside);
    }

    #[test]
    fn trusted_proxies_name_the_scheme_and_the_host() {
        let lines = [("x-forwarded-proto", "https"), ("x-forwarded-host", "board.example:443")];
        check("127.0.0.1", &lines, "127.0.0.1", "https://board.example");
        let lines = [("x-forwarded-for", "203.0.113.1, 10.0.0.2"), ("x-forwarded-proto", "https, http")];
        check("10.0.0.1", &lines, "203.0.113.1", "https://inside:3456");
        let lines = [("forwarded", "for=203.0.113.1;host=board.example;proto=https, for=10.0.0.2;host=other")];
        check("10.0.0.1", &lines, "203.0.113.1", "https://board.example");
    }

    #[test]
    fn headers_that_disagree_are_ignored() {
        let lines = [("x-forwarded-for", "203.0.113.1"), ("forwarded", "for=198.51.100.1;proto=https")];
        check("127.0.0.1", &lines, "127.0.0.1", "http://inside:3456");
        let lines = [("x-forwarded-for", "203.0.113.1"), ("forwarded", "for=203.0.113.1;proto=https")];
        check("127.0.0.1", &lines, "203.0.113.1", "https://inside:3456");
    }

    #[test]
    fn only_addresses_and_networks_are_accepted() {
        assert_eq!("".parse(), Ok(Proxies::default()));
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0", "*", "127.0.0.1:80"] {
            assert!(wrong.parse::<Proxies>().unwrap_err().contains("10.0.0.0/8"), "{wrong}");
        }
    }
}
