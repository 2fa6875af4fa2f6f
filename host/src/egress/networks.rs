//! Which addresses a name may lead to, and the networks that an operator opened.
//!
//! Asked for each address that a host resolved to, just before it is connected to.
//! An address that carries another one inside (IPv4-mapped, NAT64, 6to4) is judged by
//! the one inside, in rules and in networks alike.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use url::Host;

use super::Refusal;
use crate::addresses::{self, AddressKind, PRIVATE};
use crate::error::HostError;
use crate::origin::is_loopback_name;

/// The networks that an operator opened besides the public internet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Networks(Arc<[IpNet]>);

impl Networks {
    /// These networks and some more.
    pub(super) fn with(&self, more: impl IntoIterator<Item = IpNet>) -> Self {
        Self(self.0.iter().copied().chain(more).collect())
    }

    /// Whether an address is in one of them.
    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether an address was named by itself.
    fn name(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| *network == IpNet::from(address))
    }
}

/// Every private network.
pub(super) fn private() -> impl Iterator<Item = IpNet> {
    PRIVATE.into_iter()
}

/// Reads a network such as `10.1.0.0/16`, or a single address.
pub(super) fn parse(text: &str) -> Result<IpNet, HostError> {
    let refuse = |reason: String| HostError::Network { network: text.to_owned(), reason };
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            refuse(
                "it is neither an address nor a network such as `10.1.0.0/16` or `fd12:3456::/48`".to_owned(),
            )
        })?,
    };
    let address = network.addr();
    let inside = addresses::inside(address);
    if inside != address {
        return Err(refuse(format!(
            "it carries an IPv4 address; write the IPv4 network, such as `{inside}/32`"
        )));
    }
    if network.trunc() != network {
        return Err(refuse(format!("bits behind the prefix are set; the network is `{}`", network.trunc())));
    }
    let is_one = network.prefix_len() == network.max_prefix_len();
    if PRIVATE.iter().any(|private| private.contains(&network)) {
        return Ok(network);
    }
    match addresses::kind(address) {
        AddressKind::Restricted(_) if is_one => Ok(network),
        AddressKind::Restricted(what) => {
            Err(refuse(format!("{what} is opened by itself: name the one address that is meant")))
        }
        AddressKind::Loopback => Err(refuse(
            "this machine is opened by a loopback address or `localhost` in a line of the policy".to_owned(),
        )),
        AddressKind::Never(what) => Err(refuse(format!("{what} is never reached"))),
        AddressKind::Public | AddressKind::Private => {
            let known: Vec<String> = PRIVATE.iter().map(IpNet::to_string).collect();
            Err(refuse(format!(
                "it is not within a private network ({}). Public addresses are open without it",
                known.join(", ")
            )))
        }
    }
}

/// Which addresses a name may lead to.
#[derive(Debug, Clone)]
pub(crate) struct AddressRules {
    /// Whether this machine was named literally by someone who may.
    pub(super) loopback: bool,
    pub(super) networks: Networks,
}

impl AddressRules {
    /// May `host` be reached at this address?
    pub(crate) fn check(&self, host: &Host, address: IpAddr) -> Result<(), Refusal> {
        let inside = addresses::inside(address);
        let open = |line: &str| {
            format!(
                "let the operator add `{line}` to the networks of the egress policy (`EgressPolicy::allow_networks`)"
            )
        };
        match addresses::kind(address) {
            AddressKind::Public => Ok(()),
            AddressKind::Loopback if self.loopback && is_loopback_name(host) => Ok(()),
            AddressKind::Loopback => Err(Refusal {
                reason: format!("{host} leads to this machine ({address}), which nobody named literally"),
                remedy: None,
            }),
            AddressKind::Private if self.networks.contain(inside) => Ok(()),
            AddressKind::Private => Err(Refusal {
                reason: format!("{host} leads to the private address {address}"),
                remedy: Some(open(&IpNet::from(inside).to_string())),
            }),
            AddressKind::Restricted(_) if self.networks.name(inside) => Ok(()),
            AddressKind::Restricted(what) => Err(Refusal {
                reason: format!("{host} leads to {what} ({address}), which no network opens"),
                remedy: Some(open(&inside.to_string())),
            }),
            AddressKind::Never(what) => {
                Err(Refusal { reason: format!("{host} leads to {what} ({address})"), remedy: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::{Egress, EgressPolicy};

    fn opens(networks: &[&str], address: &str) -> bool {
        let policy = EgressPolicy::default().allow_networks(networks).expect("networks");
        let rules = Egress::explicit(&policy).addresses();
        let host = Host::Domain("desk.corp.example".to_owned());
        rules.check(&host, address.parse().expect(address)).is_ok()
    }

    #[test]
    fn a_network_opens_its_own_addresses_in_every_spelling_and_no_others() {
        for (network, address, open) in [
            ("10.1.0.0/16", "10.1.255.255", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.0.0/16", "::ffff:10.1.2.3", true),
            ("10.1.0.0/16", "::ffff:10.2.0.1", false),
            ("10.1.0.0/16", "64:ff9b::10.1.2.3", true),
            ("10.1.0.0/16", "2002:a01:203::1", true),
            ("10.1.0.0/16", "192.168.1.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("192.168.0.0/16", "192.168.7.7", true),
            ("100.64.0.0/10", "100.64.0.1", true),
            ("fd12:3456::/48", "fd12:3456::7", true),
            ("fd12:3456::/48", "fd12:3457::7", false),
            ("fd12:3456::/48", "127.0.0.1", false),
            ("10.1.0.0/16", "1.1.1.1", true),
        ] {
            assert_eq!(opens(&[network], address), open, "{network} {address}");
        }
        assert!(opens(&["10.1.0.0/16", "fd12::/16"], "fd12::1"), "several");
    }

    #[test]
    fn a_metadata_service_is_open_to_its_exact_address_alone() {
        for (network, address, open) in [
            ("100.64.0.0/10", "100.100.100.200", false),
            ("100.100.100.200", "100.100.100.200", true),
            ("100.100.100.200/32", "::ffff:100.100.100.200", true),
            ("fc00::/7", "fd00:ec2::254", false),
            ("fd00:ec2::/64", "fd00:ec2::254", false),
            ("fd00:ec2::254", "fd00:ec2::254", true),
            ("169.254.169.254", "169.254.169.254", true),
            ("169.254.169.254", "169.254.169.253", false),
            ("168.63.129.16", "168.63.129.16", true),
        ] {
            assert_eq!(opens(&[network], address), open, "{network} {address}");
        }
        let all = EgressPolicy::default().allow_private(true);
        let rules = Egress::explicit(&all).addresses();
        for address in ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"] {
            let host = Host::Domain("desk.corp.example".to_owned());
            let refused =
                rules.check(&host, address.parse().expect(address)).expect_err("closed").to_string();
            assert!(refused.contains("allow_networks"), "{refused}");
        }
    }

    #[test]
    fn the_refusal_of_a_private_address_names_the_line_to_add() {
        let rules = Egress::explicit(&EgressPolicy::default()).addresses();
        let host = Host::Domain("desk.corp.example".to_owned());
        let address = "::ffff:10.1.2.3".parse().expect("an address");
        let refused = rules.check(&host, address).expect_err("closed").to_string();
        assert!(refused.contains("`10.1.2.3/32`") && refused.contains("operator"), "{refused}");
    }

    #[test]
    fn networks_that_mean_something_else_are_refused_with_the_reason() {
        for (network, reason) in [
            ("10.1.2.3/16", "`10.1.0.0/16`"),
            ("10.1.0.0/33", "neither an address nor a network"),
            ("intranet", "neither an address nor a network"),
            ("", "neither an address nor a network"),
            ("0.0.0.0/0", "never reached"),
            ("8.8.8.0/24", "not within a private network"),
            ("8.0.0.0/6", "not within a private network"),
            ("127.0.0.0/8", "loopback address"),
            ("::1", "loopback address"),
            ("169.254.0.0/16", "by itself"),
            ("fe80::/10", "by itself"),
            ("224.0.0.0/4", "never reached"),
            ("::ffff:10.0.0.0/104", "IPv4"),
            ("::ffff:10.0.0.1", "`10.0.0.1/32`"),
        ] {
            let refused = EgressPolicy::default().allow_networks([network]).expect_err(network).to_string();
            assert!(refused.contains(reason), "{network}: {refused}");
        }
    }
}
