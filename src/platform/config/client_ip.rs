//! Settings that determine a client's address and country.

use std::{net::IpAddr, path::PathBuf};

use anyhow::{Result, ensure};
use http::HeaderName;
use ipnet::IpNet;

use crate::platform::config::variable::parsed;

/// Settings that determine a client's address and country. Without them the country is unknown, and prices do not depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientIpConfig {
    /// Proxies whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Header in which those proxies send the country.
    pub country_header: Option<HeaderName>,
    /// A country database (`.mmdb`).
    pub geoip: Option<PathBuf>,
}

impl ClientIpConfig {
    /// Reads the variables of this section.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn read(var: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let listed = var("TRUSTED_PROXIES").unwrap_or_default();
        let listed = listed.split([',', ' ']).map(str::trim).filter(|network| !network.is_empty());
        let trusted_proxies = listed.map(network).collect::<Result<Vec<_>>>()?;
        let country_header = parsed::<HeaderName>(var, "COUNTRY_HEADER")?;
        if let Some(header) = &country_header {
            ensure!(
                !trusted_proxies.is_empty(),
                "COUNTRY_HEADER is {header} but TRUSTED_PROXIES is not set: anybody could send that header, so nobody would be \
                 believed"
            );
            ensure!(
                !["x-forwarded-for", "cookie", "host"].contains(&header.as_str()),
                "COUNTRY_HEADER is {header}, which says no country"
            );
        }
        Ok(Self { trusted_proxies, country_header, geoip: var("GEOIP_DB").map(PathBuf::from) })
    }
}

/// Parses a network such as `10.0.0.0/8`, or a single address. A network that covers all addresses is rejected.
fn network(text: &str) -> Result<IpNet> {
    let network = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| IpNet::from(ip.to_canonical())));
    let network = network.map_err(|_| {
        anyhow::anyhow!(
            "TRUSTED_PROXIES has {text:?}; it is a list of networks and addresses, such as 10.0.0.0/8,203.0.113.7"
        )
    })?;
    ensure!(network.prefix_len() > 0, "TRUSTED_PROXIES has {text:?}, which is everybody");
    Ok(network)
}
