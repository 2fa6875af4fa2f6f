//! TCP connections to vetted addresses.
//!
//! The one place where a host name becomes an address. It is resolved once, each
//! address is checked, and what passed is connected to: a name that resolves to
//! something else a moment later (DNS rebinding) gains nothing by it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;
use url::Host;

use crate::egress::AddressRules;
use crate::failure::Failure;
use crate::origin;

/// How long one address may take, where the host has another one to try.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection may take altogether. Requests give up sooner, but a
/// connection that one of them started may still serve the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens TCP connections, to addresses that the policy allows and no others.
#[derive(Debug, Clone)]
pub(crate) struct VettedConnector {
    addresses: AddressRules,
}

impl VettedConnector {
    pub(crate) fn new(addresses: AddressRules) -> Self {
        Self { addresses }
    }
}

impl Service<Uri> for VettedConnector {
    type Response = Marked;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Marked, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let rules = self.addresses;
        Box::pin(async move {
            match timeout(CONNECT_TIMEOUT, open(rules, &uri)).await {
                Ok(result) => result,
                Err(_) => Err(Failure::ConnectTimeout),
            }
        })
    }
}

async fn open(rules: AddressRules, uri: &Uri) -> Result<Marked, Failure> {
    let host =
        uri.host().and_then(origin::host).ok_or_else(|| Failure::Dns("there is no host".to_owned()))?;
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    // Resolved once: what is vetted here is what is connected to below.
    let resolved: Vec<SocketAddr> = match &host {
        Host::Ipv4(address) => vec![SocketAddr::new(IpAddr::V4(*address), port)],
        Host::Ipv6(address) => vec![SocketAddr::new(IpAddr::V6(*address), port)],
        Host::Domain(name) => tokio::net::lookup_host((name.as_str(), port))
            .await
            .map_err(|error| Failure::Dns(error.to_string()))?
            .collect(),
    };
    let (others, last) = vetted(rules, &host, resolved)?;
    for address in others {
        if let Ok(Ok(stream)) = timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
            return Marked::new(stream);
        }
    }
    match TcpStream::connect(last).await {
        Ok(stream) => Marked::new(stream),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::ConnectionRefused,
            io::ErrorKind::TimedOut => Failure::ConnectTimeout,
            kind => Failure::Unreachable(kind.to_string()),
        }),
    }
}

/// The addresses that may be connected to, the last one apart; the refusal of the
/// first that may not, where there is no other.
fn vetted(
    rules: AddressRules,
    host: &Host,
    resolved: Vec<SocketAddr>,
) -> Result<(Vec<SocketAddr>, SocketAddr), Failure> {
    let mut refusal = None;
    let mut vetted = resolved;
    vetted.retain(|address| match rules.check(host, address.ip()) {
        Ok(()) => true,
        Err(refused) => {
            refusal.get_or_insert(refused);
            false
        }
    });
    match (vetted.pop(), refusal) {
        (Some(last), _) => Ok((vetted, last)),
        (None, Some(refusal)) => Err(Failure::Refused(refusal)),
        (None, None) => Err(Failure::Dns(format!("{host} has no address"))),
    }
}

/// Whether a connection has served a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Use(Arc<AtomicBool>);

impl Use {
    /// Marks the connection as used; `true` if it was so before.
    pub(crate) fn again(connected: &Connected) -> bool {
        let mut extensions = http::Extensions::new();
        connected.get_extras(&mut extensions);
        extensions.get::<Self>().is_some_and(|Self(served)| served.swap(true, Ordering::Relaxed))
    }
}

/// A TCP stream that remembers whether it has served.
#[derive(Debug)]
pub(crate) struct Marked {
    stream: TokioIo<TcpStream>,
    served: Use,
}

impl Marked {
    fn new(stream: TcpStream) -> Result<Self, Failure> {
        // Requests are small and answers awaited: waiting to fill packets only
        // costs time.
        stream.set_nodelay(true).map_err(|error| Failure::Unreachable(error.kind().to_string()))?;
        Ok(Self { stream: TokioIo::new(stream), served: Use::default() })
    }
}

impl Connection for Marked {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.served.clone())
    }
}

impl hyper::rt::Read for Marked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Marked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::{Egress, EgressPolicy};

    /// What is connected to, for a name that resolves to these addresses.
    fn connected(name: &str, addresses: &[&str]) -> Result<Vec<String>, Failure> {
        let rules = Egress::explicit(&EgressPolicy::default()).addresses();
        let resolved = addresses.iter().map(|text| SocketAddr::new(text.parse().expect(text), 443));
        let (others, last) = vetted(rules, &origin::host(name).expect(name), resolved.collect())?;
        Ok(others.into_iter().chain([last]).map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn a_name_is_connected_to_at_its_public_addresses_only() {
        let mixed = ["10.0.0.1", "1.1.1.1", "169.254.169.254", "2606:4700::1111", "::ffff:127.0.0.1"];
        let connected = connected("api.example.com", &mixed).expect("two are public");
        assert_eq!(connected, ["1.1.1.1", "2606:4700::1111"]);
    }

    #[test]
    fn a_name_that_leads_inside_is_refused_in_every_spelling_of_the_address() {
        for address in [
            "127.0.0.1",
            "::1",
            "10.0.0.1",
            "169.254.169.254",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            let refused = connected("rebind.example.com", &[address]);
            assert!(matches!(refused, Err(Failure::Refused(_))), "{address} gave {refused:?}");
        }
        assert!(matches!(connected("api.example.com", &[]), Err(Failure::Dns(_))));
    }
}
