//! Middleware that resolves the client's IP address and country, once per request.
//!
//! Forwarded headers count only when the peer is one of `TRUSTED_PROXIES`, because any client can send them. They are removed here, so
//! that no handler reads them again.

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

use crate::{country::Country, platform::config::client_ip::ClientIpConfig};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// No real chain of proxies is longer.
const MAX_FORWARDED_HOPS: usize = 32;

/// The address and country of a request's client, from sources that can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The address of the client, in front of the first trusted proxy.
    pub address: Option<IpAddr>,
    pub country: Option<Country>,
}

impl ClientInfo {
    /// Returns the client of the request that is being handled, for server functions.
    pub fn current() -> Self {
        use_context::<Parts>().and_then(|parts| parts.extensions.get::<Self>().copied()).unwrap_or_default()
    }

    /// Returns the client of a request.
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or_default()
    }
}

/// The configuration to resolve a client: trusted proxies, country header, and country database.
#[derive(Clone, Default)]
pub struct ClientInfoResolver {
    proxies: Arc<[IpNet]>,
    header: Option<HeaderName>,
    database: Option<Arc<Reader<Vec<u8>>>>,
}

impl ClientInfoResolver {
    /// Opens the country database.
    ///
    /// # Errors
    /// When the database cannot be read or has no countries; the error names `GEOIP_DB`.
    pub fn new(config: &ClientIpConfig) -> Result<Self> {
        let read = |path: &std::path::PathBuf| {
            let reader = Reader::open_readfile(path);
            let reader = reader.with_context(|| format!("GEOIP_DB is {}, which cannot be read", path.display()))?;
            let kind = reader.metadata().database_type.clone();
            // Larger databases (City, Enterprise) have the country in the same field; those of networks or owners have none.
            anyhow::ensure!(
                ["Country", "City", "Enterprise"].iter().any(|supported| kind.contains(supported)),
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

    /// Resolves the client, and removes every header that it can be resolved from.
    fn resolve(&self, peer: Option<IpAddr>, headers: &mut HeaderMap) -> ClientInfo {
        let peer = peer.map(|ip| ip.to_canonical());
        let trusted = peer.is_some_and(|ip| self.trusts(ip));
        let address = if trusted { peer.and_then(|ip| self.client_address(ip, headers)) } else { peer };
        let sent = self.header.as_ref().filter(|_| trusted).and_then(|header| last_country(headers, header));
        // The address of a proxy has the country of the proxy, not that of the client behind it.
        let country = sent.or_else(|| self.find_country(address.filter(|ip| !self.trusts(*ip))?));
        for header in [Some(&FORWARDED_FOR), Some(&FORWARDED), self.header.as_ref()].into_iter().flatten() {
            headers.remove(header);
        }
        ClientInfo { address, country }
    }

    /// Returns the first address of the chain, read from the right, that is no trusted proxy. Each address is written by the proxy after
    /// it, so an entry that is no address ends what can be trusted.
    fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
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

    /// Returns the country of an address from the database.
    fn find_country(&self, address: IpAddr) -> Option<Country> {
        let found = self.database.as_ref()?.lookup(address).ok()?;
        let code = |field: &'static str| {
            found.decode_path::<&str>(&[PathElement::Key(field), PathElement::Key("iso_code")]).ok().flatten()
        };
        code("country").or_else(|| code("registered_country"))?.parse().ok()
    }
}

/// Returns the country in a header of a trusted proxy. A proxy that appends instead of replacing appends at the end.
fn last_country(headers: &HeaderMap, header: &HeaderName) -> Option<Country> {
    let last = headers.get_all(header).into_iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.parse().ok()
}

/// Parses an address as proxies write it: with or without a port, IPv6 with or without brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let ip = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    let ip = ip.or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse());
    ip.ok().map(|ip| ip.to_canonical())
}

/// Resolves the client of a request and stores its [`ClientInfo`] in the request.
pub async fn resolve(State(resolver): State<ClientInfoResolver>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let client = resolver.resolve(peer, request.headers_mut());
    request.extensions_mut().insert(client);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::client_info_behind_proxy;
    use http::HeaderValue;
    use rstest::rstest;

    fn headers(sent: &[(&'static str, &str)]) -> HeaderMap {
        let sent = sent.iter();
        sent.map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[rstest]
    #[case::from_a_proxy("10.0.0.1", &[("x-country", "IN")], Some("IN"))]
    #[case::from_a_proxy_over_ipv6("::ffff:10.0.0.1", &[("x-country", "IN")], Some("IN"))]
    #[case::from_a_client("203.0.113.7", &[("x-country", "IN")], None)]
    #[case::from_a_client_that_names_a_proxy("203.0.113.7", &[("x-country", "IN"), ("x-forwarded-for", "10.0.0.1")], None)]
    #[case::from_a_proxy_that_appends_a_header("10.0.0.1", &[("x-country", "IN"), ("x-country", "DE")], Some("DE"))]
    #[case::from_a_proxy_that_appends_to_the_header("10.0.0.1", &[("x-country", "IN, DE")], Some("DE"))]
    #[case::from_a_proxy_without_the_country("10.0.0.1", &[("x-country", "IN"), ("x-country", "XX")], None)]
    #[case::unknown("10.0.0.1", &[("x-country", "T1")], None)]
    #[case::none("10.0.0.1", &[], None)]
    fn a_header_counts_from_a_trusted_proxy(
        #[case] peer: &str,
        #[case] sent: &[(&'static str, &str)],
        #[case] country: Option<&str>,
    ) {
        let mut headers = headers(sent);
        let client = client_info_behind_proxy().resolve(peer.parse().ok(), &mut headers);
        assert_eq!(client.country.map(Country::code), country);
        assert!(headers.is_empty(), "no handler can read it again: {headers:?}");
    }

    #[rstest]
    #[case::no_proxy("203.0.113.7", &["198.51.100.1"], Some("203.0.113.7"))]
    #[case::one("10.0.0.1", &["203.0.113.7"], Some("203.0.113.7"))]
    #[case::with_an_entry_of_the_client("10.0.0.1", &["198.51.100.1, 203.0.113.7"], Some("203.0.113.7"))]
    #[case::a_client_that_names_a_trusted_proxy("10.0.0.1", &["198.51.100.1, 10.9.9.9, 203.0.113.7, 10.0.0.2"], Some("203.0.113.7"))]
    #[case::several_lines("10.0.0.1", &["198.51.100.1", "203.0.113.7", "10.0.0.2"], Some("203.0.113.7"))]
    #[case::with_a_port("10.0.0.1", &["203.0.113.7:4711"], Some("203.0.113.7"))]
    #[case::in_brackets("10.0.0.1", &["[2001:db9::7]:4711"], Some("2001:db9::7"))]
    #[case::mapped("10.0.0.1", &["::ffff:203.0.113.7"], Some("203.0.113.7"))]
    #[case::an_invalid_entry_ends_the_chain("10.0.0.1", &["203.0.113.7, unknown"], None)]
    #[case::an_invalid_entry_before_the_client("10.0.0.1", &["unknown, 203.0.113.7"], Some("203.0.113.7"))]
    #[case::only_trusted_proxies("10.0.0.1", &["10.0.0.2"], Some("10.0.0.2"))]
    fn the_client_is_in_front_of_the_first_trusted_proxy(
        #[case] peer: &str,
        #[case] lines: &[&str],
        #[case] address: Option<&str>,
    ) {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let client = client_info_behind_proxy().resolve(peer.parse().ok(), &mut headers(&lines));
        assert_eq!(client.address, address.map(|address| address.parse().unwrap()));
    }

    #[test]
    fn without_a_peer_no_header_is_trusted() {
        let client = client_info_behind_proxy()
            .resolve(None, &mut headers(&[("x-country", "IN"), ("x-forwarded-for", "10.0.0.1")]));
        assert_eq!(client, ClientInfo::default());
    }

    /// A database of one network, 203.0.113.0/24 in India, as <https://maxmind.github.io/MaxMind-DB/> describes it.
    fn database(kind: &str) -> Vec<u8> {
        const BITS: u32 = 24;
        let text = |text: &str| [&[0x40 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let network = u32::from_be_bytes([203, 0, 113, 0]);
        let mut file = Vec::new();
        for bit in 0..BITS {
            // One branch continues, the other has no data, which is the number of nodes; the last leads to the data.
            let next = if bit + 1 == BITS { BITS + 16 } else { bit + 1 };
            let one = (network >> (31 - bit)) & 1 == 1;
            for record in if one { [BITS, next] } else { [next, BITS] } {
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
    fn the_country_is_that_of_the_client_behind_the_proxies() {
        let folder = tempfile::tempdir().unwrap();
        let geoip = folder.path().join("country.mmdb");
        std::fs::write(&geoip, database("Test-Country")).unwrap();
        let config = ClientIpConfig {
            geoip: Some(geoip),
            trusted_proxies: client_info_behind_proxy().proxies.to_vec(),
            ..Default::default()
        };
        let resolver = ClientInfoResolver::new(&config).unwrap();
        let country = |peer: &str, chain: &str| {
            let mut headers = headers(&[("x-forwarded-for", chain), ("x-country", "DE")]);
            resolver.resolve(peer.parse().ok(), &mut headers).country.map(Country::code)
        };
        assert_eq!(country("203.0.113.9", ""), Some("IN"));
        assert_eq!(country("10.0.0.1", "203.0.113.9"), Some("IN"));
        assert_eq!(country("198.51.100.1", "203.0.113.9"), None, "a client sends a country");
        assert_eq!(country("10.0.0.1", "203.0.113.9, 198.51.100.1"), None, "and sends it through a proxy");
        assert_eq!(country("::1", ""), None, "an address that the database does not have");
    }

    #[test]
    fn an_invalid_database_is_an_error_at_start() {
        let folder = tempfile::tempdir().unwrap();
        let geoip = folder.path().join("country.mmdb");
        let error = |bytes: Option<Vec<u8>>| {
            if let Some(bytes) = bytes {
                std::fs::write(&geoip, bytes).unwrap();
            }
            let config = ClientIpConfig { geoip: Some(geoip.clone()), ..Default::default() };
            format!("{:#}", ClientInfoResolver::new(&config).err().unwrap())
        };
        for bytes in [None, Some(b"not a database".to_vec()), Some(database("Test-ASN"))] {
            assert!(error(bytes).contains("GEOIP_DB is"));
        }
    }
}
