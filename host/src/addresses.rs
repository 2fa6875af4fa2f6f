//! Which kind of network an IP address belongs to.
//!
//! A pure function, asked for each resolved address before it is connected to.
//! Names and patterns are none of its business: see [`egress`](crate::egress).
//!
//! Addresses that carry another one inside (IPv4-mapped, NAT64, 6to4) are taken
//! apart first, or `::ffff:127.0.0.1` would be a way around every rule.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The kinds that the policy treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    /// Reachable over the internet.
    Public,
    /// This machine.
    Loopback,
    /// In one of the [`PRIVATE`] networks: reachable where the operator opens it.
    Private,
    /// Link-local, or a metadata service: reachable where the operator names this very
    /// address. What it is, for the refusal.
    Restricted(&'static str),
    /// Never reachable; what it is, for the refusal.
    Never(&'static str),
}

/// Private networks (RFC 1918, RFC 4193) and carrier-grade NAT (RFC 6598).
pub(crate) const PRIVATE: [IpNet; 5] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7)),
];

/// Metadata services outside the link-local range. Whoever reaches one of these gets
/// the machine's cloud credentials.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), // Alibaba Cloud, inside carrier-grade NAT
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),   // Azure, a public address
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),     // Oracle Cloud
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), // AWS, inside the private range
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)), // Google Cloud, likewise
];

/// The kind of an address.
pub(crate) fn kind(address: IpAddr) -> AddressKind {
    let address = inside(address);
    if METADATA.contains(&address) {
        return AddressKind::Restricted("a metadata service");
    }
    if PRIVATE.iter().any(|network| network.contains(&address)) {
        return AddressKind::Private;
    }
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

/// The address that counts: the one inside where an address carries another one.
pub(crate) fn inside(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        // IPv4-mapped, and NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4_of(high, low).into(),
        // 6to4 (RFC 3056) carries it further left.
        [0x2002, high, low, ..] => v4_of(high, low).into(),
        _ => address,
    }
}

/// The kind of what is neither private nor a metadata service.
fn kind_v4(address: Ipv4Addr) -> AddressKind {
    use AddressKind::{Loopback, Never, Public, Restricted};

    match address.octets() {
        [0, ..] => Never("an unspecified address"),
        [127, ..] => Loopback,
        [169, 254, ..] => Restricted("a link-local address"),
        [192, 0, 0, _] => Never("a protocol assignment"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Never("a documentation address"),
        [192, 88, 99, _] => Never("a relay address"),
        [198, 18 | 19, ..] => Never("a benchmarking address"),
        [first, ..] if (224..240).contains(&first) => Never("a multicast address"),
        [first, ..] if first >= 240 => Never("a reserved address"),
        _ => Public,
    }
}

/// The same for addresses that carry no other one.
fn kind_v6(address: Ipv6Addr) -> AddressKind {
    use AddressKind::{Loopback, Never, Public, Restricted};

    if address == Ipv6Addr::LOCALHOST {
        return Loopback;
    }
    match address.segments() {
        // `::` and the IPv4-compatible form, which nobody uses in earnest.
        [0, 0, 0, 0, 0, 0, _, _] => Never("an unspecified address"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Restricted("a link-local address"),
        [first, ..] if first & 0xff00 == 0xff00 => Never("a multicast address"),
        [0x2001, 0xdb8, ..] => Never("a documentation address"),
        [0x3fff, second, ..] if second < 0x1000 => Never("a documentation address"),
        // Teredo, ORCHID and others (RFC 2928).
        [0x2001, second, ..] if second < 0x200 => Never("a protocol assignment"),
        // Global unicast so far; the rest is reserved, discarded or site-local.
        [first, ..] if first & 0xe000 == 0x2000 => Public,
        _ => Never("a reserved address"),
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(address: &str) -> AddressKind {
        kind(address.parse().expect(address))
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "20.50.2.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ] {
            assert_eq!(kind_of(address), AddressKind::Public, "{address}");
        }
    }

    #[test]
    fn the_machine_itself_is_loopback_in_every_spelling() {
        for address in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"] {
            assert_eq!(kind_of(address), AddressKind::Loopback, "{address}");
        }
    }

    #[test]
    fn private_networks_and_carrier_grade_nat_are_private_in_every_spelling() {
        for address in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "fc00::1",
            "fdab::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:0a00:0001::1",
        ] {
            assert_eq!(kind_of(address), AddressKind::Private, "{address}");
        }
    }

    #[test]
    fn metadata_services_and_link_local_addresses_are_restricted_in_every_spelling() {
        for address in [
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "::ffff:100.100.100.200",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "169.254.0.1",
            "fe80::1",
        ] {
            assert!(
                matches!(kind_of(address), AddressKind::Restricted(_)),
                "{address} is {:?}",
                kind_of(address)
            );
        }
    }

    #[test]
    fn addresses_that_lead_nowhere_are_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "198.18.0.1",
            "192.88.99.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::2",
            "::192.168.0.1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "3fff:1::1",
            "2001::1",
            "2001:10::1",
            "100::1",
            "5f00::1",
            "4000::1",
            "::ffff:0.0.0.0",
            "::ffff:224.0.0.1",
        ] {
            assert!(matches!(kind_of(address), AddressKind::Never(_)), "{address} is {:?}", kind_of(address));
        }
    }
}
