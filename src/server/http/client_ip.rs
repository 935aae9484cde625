//! From where somebody visits: found out once for every request, at the door, from what can be believed.
//!
//! A header is what whoever is in front of us says. It counts when that is a proxy of ours (`TRUSTED_PROXIES`), and from nobody
//! else: whatever a client sends under the same name ends here. Nothing behind this reads such a header again.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result};
use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, header::FORWARDED, request::Parts};
use ipnet::IpNet;
use leptos::prelude::use_context;
use maxminddb::{PathElement, Reader};

use crate::{country::Country, platform::config::ClientIpConfig};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// A chain longer than any that there is.
const MAX_FORWARDED_HOPS: usize = 32;

/// Who sends a request, as far as it can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The address of the client, before the first proxy of ours.
    pub address: Option<IpAddr>,
    pub country: Option<Country>,
}

impl ClientInfo {
    /// Who sends the request under way.
    pub fn current() -> Self {
        use_context::<Parts>().and_then(|parts| parts.extensions.get::<Self>().copied()).unwrap_or_default()
    }

    pub fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or_default()
    }
}

/// What is needed to find that out.
#[derive(Clone, Default)]
pub struct ClientInfoResolver {
    proxies: Arc<[IpNet]>,
    header: Option<HeaderName>,
    database: Option<Arc<Reader<Vec<u8>>>>,
}

impl ClientInfoResolver {
    /// # Errors
    /// When the country database cannot be read, naming it.
    pub fn new(config: &ClientIpConfig) -> Result<Self> {
        let read = |path: &std::path::PathBuf| {
            let reader = Reader::open_readfile(path);
            let reader = reader.with_context(|| format!("GEOIP_DB is {}, which cannot be read", path.display()))?;
            let kind = reader.metadata().database_type.clone();
            // Bigger ones (City, Enterprise) say the country in the same place; one of networks or owners does not.
            anyhow::ensure!(
                ["Country", "City", "Enterprise"].iter().any(|known| kind.contains(known)),
                "GEOIP_DB is {}, a database of {kind}; it needs one of countries",
                path.display()
            );
            Ok(Arc::new(reader))
        };
        Ok(Self {
            proxies: config.trusted_proxies.clone().into(),
            header: config.country_header.clone(),
            database: config.geoip.as_ref().map(read).transpose()?,
        })
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(&ip))
    }

    /// Finds the visitor, and takes away every header that this could be read from once more.
    fn resolve(&self, peer: Option<IpAddr>, headers: &mut HeaderMap) -> ClientInfo {
        let peer = peer.map(|ip| ip.to_canonical());
        let trusted = peer.is_some_and(|ip| self.trusts(ip));
        let address = if trusted { peer.and_then(|ip| self.client(ip, headers)) } else { peer };
        let said = self.header.as_ref().filter(|_| trusted).and_then(|header| said(headers, header));
        // An address of a proxy says where that stands, not who is behind it.
        let country = said.or_else(|| self.look_up(address.filter(|ip| !self.trusts(*ip))?));
        for header in [Some(&FORWARDED_FOR), Some(&FORWARDED), self.header.as_ref()].into_iter().flatten() {
            headers.remove(header);
        }
        ClientInfo { address, country }
    }

    /// The chain of addresses from the right, where each is written by the proxy after it: the first that is no proxy of ours.
    /// Where something else is written, nothing before it can be believed.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let chain: Vec<_> =
            headers.get_all(FORWARDED_FOR).into_iter().map(|line| line.to_str().unwrap_or("?")).collect();
        let mut last = peer;
        for hop in chain.iter().rev().flat_map(|line| line.rsplit(',')).take(MAX_FORWARDED_HOPS) {
            last = address(hop)?;
            if !self.trusts(last) {
                return Some(last);
            }
        }
        Some(last)
    }

    fn look_up(&self, address: IpAddr) -> Option<Country> {
        let found = self.database.as_ref()?.lookup(address).ok()?;
        let code = |place: &'static str| {
            found.decode_path::<&str>(&[PathElement::Key(place), PathElement::Key("iso_code")]).ok().flatten()
        };
        code("country").or_else(|| code("registered_country"))?.parse().ok()
    }
}

/// The country in a header that a proxy of ours sent. A proxy that adds instead of replacing adds at the end.
fn said(headers: &HeaderMap, header: &HeaderName) -> Option<Country> {
    let last = headers.get_all(header).into_iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.parse().ok()
}

/// An address as proxies write it: with or without a port, IPv6 in brackets or without.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let ip = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    let ip = ip.or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse());
    ip.ok().map(|ip| ip.to_canonical())
}

/// Finds out from where a request comes, before anything else looks at it.
pub async fn resolve(State(resolver): State<ClientInfoResolver>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let visitor = resolver.resolve(peer, request.headers_mut());
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use http::HeaderValue;
    use rstest::rstest;

    const HEADER: HeaderName = HeaderName::from_static("x-country");

    pub fn behind_proxy() -> ClientInfoResolver {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        ClientInfoResolver { proxies: proxies.into(), header: Some(HEADER), database: None }
    }

    fn headers(sent: &[(&'static str, &str)]) -> HeaderMap {
        let sent = sent.iter();
        sent.map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[rstest]
    #[case::of_a_proxy("10.0.0.1", &[("x-country", "IN")], Some("IN"))]
    #[case::of_a_proxy_over_the_other_protocol("::ffff:10.0.0.1", &[("x-country", "IN")], Some("IN"))]
    #[case::of_a_client("203.0.113.7", &[("x-country", "IN")], None)]
    #[case::of_a_client_that_names_a_proxy("203.0.113.7", &[("x-country", "IN"), ("x-forwarded-for", "10.0.0.1")], None)]
    #[case::of_a_proxy_that_adds("10.0.0.1", &[("x-country", "IN"), ("x-country", "DE")], Some("DE"))]
    #[case::of_a_proxy_that_adds_to_the_line("10.0.0.1", &[("x-country", "IN, DE")], Some("DE"))]
    #[case::of_a_proxy_that_does_not_know("10.0.0.1", &[("x-country", "IN"), ("x-country", "XX")], None)]
    #[case::unknown("10.0.0.1", &[("x-country", "T1")], None)]
    #[case::none("10.0.0.1", &[], None)]
    fn a_header_counts_from_a_trusted_proxy(
        #[case] peer: &str,
        #[case] sent: &[(&'static str, &str)],
        #[case] country: Option<&str>,
    ) {
        let mut headers = headers(sent);
        let visitor = behind_proxy().resolve(peer.parse().ok(), &mut headers);
        assert_eq!(visitor.country.map(Country::code), country);
        assert!(headers.is_empty(), "nothing behind the door can read it again: {headers:?}");
    }

    #[rstest]
    #[case::no_proxy("203.0.113.7", &["198.51.100.1"], Some("203.0.113.7"))]
    #[case::one("10.0.0.1", &["203.0.113.7"], Some("203.0.113.7"))]
    #[case::what_the_client_wrote_is_left_of_it("10.0.0.1", &["198.51.100.1, 203.0.113.7"], Some("203.0.113.7"))]
    #[case::a_client_that_names_our_proxies("10.0.0.1", &["198.51.100.1, 10.9.9.9, 203.0.113.7, 10.0.0.2"], Some("203.0.113.7"))]
    #[case::several_lines("10.0.0.1", &["198.51.100.1", "203.0.113.7", "10.0.0.2"], Some("203.0.113.7"))]
    #[case::with_a_port("10.0.0.1", &["203.0.113.7:4711"], Some("203.0.113.7"))]
    #[case::in_brackets("10.0.0.1", &["[2001:db9::7]:4711"], Some("2001:db9::7"))]
    #[case::mapped("10.0.0.1", &["::ffff:203.0.113.7"], Some("203.0.113.7"))]
    #[case::nonsense_ends_the_chain("10.0.0.1", &["203.0.113.7, unknown"], None)]
    #[case::nonsense_before_it_does_not_matter("10.0.0.1", &["unknown, 203.0.113.7"], Some("203.0.113.7"))]
    #[case::nothing_but_ours("10.0.0.1", &["10.0.0.2"], Some("10.0.0.2"))]
    fn the_client_stands_before_the_first_proxy_of_ours(
        #[case] peer: &str,
        #[case] lines: &[&str],
        #[case] client: Option<&str>,
    ) {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let visitor = behind_proxy().resolve(peer.parse().ok(), &mut headers(&lines));
        assert_eq!(visitor.address, client.map(|client| client.parse().unwrap()));
    }

    #[test]
    fn without_a_peer_nothing_is_believed() {
        let visitor =
            behind_proxy().resolve(None, &mut headers(&[("x-country", "IN"), ("x-forwarded-for", "10.0.0.1")]));
        assert_eq!(visitor, ClientInfo::default());
    }

    /// A database of one network, 203.0.113.0/24 in India, as <https://maxmind.github.io/MaxMind-DB/> describes it.
    fn database(kind: &str) -> Vec<u8> {
        const BITS: u32 = 24;
        let text = |text: &str| [&[0x40 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let network = u32::from_be_bytes([203, 0, 113, 0]);
        let mut file = Vec::new();
        for bit in 0..BITS {
            // One branch goes on, the other leads to nothing, which is the number of nodes; the last leads to the data.
            let on = if bit + 1 == BITS { BITS + 16 } else { bit + 1 };
            let one = (network >> (31 - bit)) & 1 == 1;
            for record in if one { [BITS, on] } else { [on, BITS] } {
                file.extend_from_slice(&record.to_be_bytes()[1..]);
            }
        }
        file.extend([0; 16]);
        file.extend([vec![0xE1], text("country"), vec![0xE1], text("iso_code"), text("IN")].concat());
        file.extend(b"\xab\xcd\xefMaxMind.com");
        let number = |name: &str, value: u8| [text(name), vec![0xA1, value]].concat();
        file.extend(
            [
                vec![0xE9],
                [text("node_count"), vec![0xC1, u8::try_from(BITS).unwrap()]].concat(),
                number("record_size", 24),
                number("ip_version", 4),
                text("database_type"),
                text(kind),
                text("languages"),
                vec![0x00, 0x04],
                number("binary_format_major_version", 2),
                number("binary_format_minor_version", 0),
                [text("build_epoch"), vec![0x01, 0x02, 1]].concat(),
                text("description"),
                vec![0xE0],
            ]
            .concat(),
        );
        file
    }

    #[test]
    fn a_country_database_is_asked_for_the_client_behind_the_proxies() {
        let folder = tempfile::tempdir().unwrap();
        let geoip = folder.path().join("country.mmdb");
        std::fs::write(&geoip, database("Test-Country")).unwrap();
        let config = ClientIpConfig {
            geoip: Some(geoip),
            trusted_proxies: behind_proxy().proxies.to_vec(),
            ..Default::default()
        };
        let visitors = ClientInfoResolver::new(&config).unwrap();
        let country = |peer: &str, chain: &str| {
            let mut headers = headers(&[("x-forwarded-for", chain), ("x-country", "DE")]);
            visitors.resolve(peer.parse().ok(), &mut headers).country.map(Country::code)
        };
        assert_eq!(country("203.0.113.9", ""), Some("IN"));
        assert_eq!(country("10.0.0.1", "203.0.113.9"), Some("IN"));
        assert_eq!(country("198.51.100.1", "203.0.113.9"), None, "a client says where it is");
        assert_eq!(country("10.0.0.1", "203.0.113.9, 198.51.100.1"), None, "and says it through a proxy");
        assert_eq!(country("::1", ""), None, "an address that the database cannot know");
    }

    #[test]
    fn a_database_that_is_none_is_told_at_start() {
        let folder = tempfile::tempdir().unwrap();
        let geoip = folder.path().join("country.mmdb");
        let refusal = |bytes: Option<Vec<u8>>| {
            if let Some(bytes) = bytes {
                std::fs::write(&geoip, bytes).unwrap();
            }
            let config = ClientIpConfig { geoip: Some(geoip.clone()), ..Default::default() };
            format!("{:#}", ClientInfoResolver::new(&config).err().unwrap())
        };
        for bytes in [None, Some(b"not a database".to_vec()), Some(database("Test-ASN"))] {
            assert!(refusal(bytes).contains("GEOIP_DB is"));
        }
    }
}
