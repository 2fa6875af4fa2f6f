//! TCP connections to vetted addresses.
//!
//! The one place where a host name becomes an address. It is resolved once, each
//! address is checked, and what passed is connected to: a name that resolves to
//! something else a moment later (DNS rebinding) gains nothing by it. Behind a
//! [proxy](crate::proxy), which resolves names itself, literal addresses are checked.
//!
//! Several addresses are tried as RFC 8305 ("Happy Eyeballs") has it: the families
//! take turns, the next attempt begins when one failed or has taken a quarter of a
//! second, and the first connection wins. A network without working IPv6 costs so
//! little.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use url::Host;

use crate::egress::AddressRules;
use crate::failure::Failure;
use crate::names::Names;
use crate::origin;
use crate::proxy::{Proxy, literal};

/// How long an attempt has for itself before the next address is tried beside it.
pub(crate) const ATTEMPT: Duration = Duration::from_millis(250);
/// How many addresses of a name are tried.
const ADDRESSES: usize = 16;
/// How long a connection may take altogether. Requests give up sooner, but a
/// connection that one of them started may still serve the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens TCP connections, to addresses that the policy allows and no others.
#[derive(Debug, Clone)]
pub(crate) struct VettedConnector {
    pub(crate) addresses: AddressRules,
    pub(crate) names: Names,
    /// As many permits as it may have sockets.
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) proxy: Option<Proxy>,
}

impl Service<Uri> for VettedConnector {
    type Response = Marked;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Marked, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            match timeout(CONNECT_TIMEOUT, connector.open(&uri)).await {
                Ok(result) => result,
                Err(_) => Err(Failure::ConnectTimeout),
            }
        })
    }
}

impl VettedConnector {
    async fn open(self, uri: &Uri) -> Result<Marked, Failure> {
        let (host, port) = target(uri)?;
        if let Some(proxy) = self.proxy.clone().filter(|proxy| proxy.serves(&host)) {
            if let Some(address) = literal(&host) {
                self.addresses.check(&host, address).map_err(Failure::Refused)?;
            }
            return self.tunnel(&proxy, &host, port).await;
        }
        let resolved = self.resolve(&host).await?;
        let addresses = vetted(&self.addresses, &host, resolved)?;
        self.connect(addresses, port).await
    }

    /// Resolved once: what is vetted then is what is connected to.
    async fn resolve(&self, host: &Host) -> Result<Vec<IpAddr>, Failure> {
        Ok(match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self.names.resolve(name).await?.to_vec(),
        })
    }

    /// A tunnel through the proxy, whose own address is the operator's to choose.
    async fn tunnel(self, proxy: &Proxy, host: &Host, port: u16) -> Result<Marked, Failure> {
        let uri = |text: String| text.parse::<Uri>().map_err(|error| Failure::Proxy(error.to_string()));
        let to = uri(format!("http://{host}:{port}"))?;
        let mut tunnel = Tunnel::new(uri(proxy.origin().to_string())?, ToProxy(self));
        if let Some(authorization) = proxy.authorization() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        tunnel.call(to).await.map_err(|error| {
            let reason = match std::error::Error::source(&error) {
                Some(reason) => reason.to_string(),
                None => error.to_string().trim_start_matches("tunnel error: ").to_owned(),
            };
            Failure::Proxy(format!("{} to {host}:{port}: {reason}", proxy.origin()))
        })
    }

    async fn connect(self, addresses: Vec<IpAddr>, port: u16) -> Result<Marked, Failure> {
        let socket = self.sockets.acquire_owned().await.map_err(|_| Failure::ConnectTimeout)?;
        let addresses = in_turn(addresses).into_iter().take(ADDRESSES);
        let addresses = addresses.map(|address| SocketAddr::new(address, port)).collect();
        match first(addresses, TcpStream::connect).await {
            Ok(stream) => Marked::new(stream, socket),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::ConnectionRefused => Failure::ConnectionRefused,
                io::ErrorKind::TimedOut => Failure::ConnectTimeout,
                kind => Failure::Unreachable(kind.to_string()),
            }),
        }
    }
}

/// Connects to the proxy itself.
struct ToProxy(VettedConnector);

impl Service<Uri> for ToProxy {
    type Response = Marked;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Marked, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.0.clone();
        Box::pin(async move {
            let (host, port) = target(&uri)?;
            let addresses = connector.resolve(&host).await?;
            connector.connect(addresses, port).await
        })
    }
}

/// Where a URI leads.
fn target(uri: &Uri) -> Result<(Host, u16), Failure> {
    let host =
        uri.host().and_then(origin::host).ok_or_else(|| Failure::Dns("there is no host".to_owned()))?;
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    Ok((host, port))
}

/// The addresses that may be connected to; the refusal of the first that may not,
/// where there is no other.
fn vetted(rules: &AddressRules, host: &Host, resolved: Vec<IpAddr>) -> Result<Vec<IpAddr>, Failure> {
    let mut refusal = None;
    let mut vetted = resolved;
    vetted.retain(|address| match rules.check(host, *address) {
        Ok(()) => true,
        Err(refused) => {
            refusal.get_or_insert(refused);
            false
        }
    });
    match refusal {
        _ if !vetted.is_empty() => Ok(vetted),
        Some(refusal) => Err(Failure::Refused(refusal)),
        None => Err(Failure::Dns(format!("{host} has no address"))),
    }
}

/// Addresses of both families in turn, as the resolver sorted them, beginning with
/// the family of its first.
fn in_turn(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let begins_with_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut these, mut others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == begins_with_v6);
    let paired = these.len().min(others.len());
    let rest = if these.len() > paired { these.split_off(paired) } else { others.split_off(paired) };
    these.into_iter().zip(others).flat_map(|(one, other)| [one, other]).chain(rest).collect()
}

/// The first connection that one of the addresses gives; where there is none, the
/// failure that says most.
async fn first<T, F>(addresses: Vec<SocketAddr>, connect: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut left = addresses.into_iter();
    loop {
        if let Some(address) = left.next() {
            attempts.spawn(connect(address));
        }
        // The others are given up when this is dropped.
        let ended = if left.len() == 0 {
            attempts.join_next().await
        } else {
            tokio::select! {
                biased;
                ended = attempts.join_next() => ended,
                () = sleep(ATTEMPT) => continue,
            }
        };
        match ended {
            Some(Ok(Ok(connected))) => return Ok(connected),
            Some(Ok(Err(_))) if failure.kind() == io::ErrorKind::ConnectionRefused => {}
            Some(Ok(Err(error))) => failure = error,
            Some(Err(_)) => {}
            None => return Err(failure),
        }
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
    /// Its place among the sockets of the connection, given up with it.
    _socket: OwnedSemaphorePermit,
}

impl Marked {
    fn new(stream: TcpStream, socket: OwnedSemaphorePermit) -> Result<Self, Failure> {
        // Requests are small and answers awaited: waiting to fill packets only
        // costs time.
        stream.set_nodelay(true).map_err(|error| Failure::Unreachable(error.kind().to_string()))?;
        Ok(Self { stream: TokioIo::new(stream), served: Use::default(), _socket: socket })
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
        connected_under(&EgressPolicy::default(), name, addresses)
    }

    fn connected_under(
        policy: &EgressPolicy,
        name: &str,
        addresses: &[&str],
    ) -> Result<Vec<String>, Failure> {
        let rules = Egress::explicit(policy).addresses();
        let resolved = addresses.iter().map(|text| text.parse().expect(text));
        let vetted = vetted(&rules, &origin::host(name).expect(name), resolved.collect())?;
        Ok(vetted.into_iter().map(|address| address.to_string()).collect())
    }

    #[test]
    fn a_name_is_connected_to_at_its_public_addresses_only() {
        let mixed = ["10.0.0.1", "1.1.1.1", "169.254.169.254", "2606:4700::1111", "::ffff:127.0.0.1"];
        let connected = connected("api.example.com", &mixed).expect("two are public");
        assert_eq!(connected, ["1.1.1.1", "2606:4700::1111"]);
    }

    #[test]
    fn a_name_is_connected_to_within_the_networks_that_were_opened() {
        let policy = EgressPolicy::default().allow_networks(["10.1.0.0/16"]).expect("a network");
        let mixed = ["10.2.0.1", "10.1.0.1", "169.254.169.254", "::ffff:10.1.0.2", "fd12::1"];
        let connected = connected_under(&policy, "desk.corp.example", &mixed).expect("two are open");
        assert_eq!(connected, ["10.1.0.1", "::ffff:10.1.0.2"]);
        let refused = connected_under(&policy, "desk.corp.example", &["10.2.0.1"]).expect_err("closed");
        assert!(refused.to_string().contains("`10.2.0.1/32`"), "{refused}");
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

    fn turns(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|text| text.parse().expect(text)).collect();
        in_turn(addresses).into_iter().map(|address| address.to_string()).collect()
    }

    #[test]
    fn families_take_turns_and_the_resolvers_first_is_first() {
        assert_eq!(turns(&["::1", "::2", "::3", "1.1.1.1"]), ["::1", "1.1.1.1", "::2", "::3"]);
        assert_eq!(turns(&["1.1.1.1", "1.1.1.2", "::1"]), ["1.1.1.1", "::1", "1.1.1.2"]);
        assert_eq!(turns(&["1.1.1.1"]), ["1.1.1.1"]);
        assert!(turns(&[]).is_empty());
    }

    /// The last byte of an address says what becomes of it: 0 never answers, 1 refuses
    /// at once, another number answers after so many milliseconds.
    async fn raced(last_bytes: &[u8]) -> (io::Result<u8>, Duration) {
        let began = tokio::time::Instant::now();
        let address = |last: &u8| SocketAddr::from(([192, 0, 2, *last], 80));
        let connect = |address: SocketAddr| async move {
            let IpAddr::V4(v4) = address.ip() else { panic!("{address}") };
            match v4.octets()[3] {
                0 => std::future::pending().await,
                1 => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
                ms => {
                    sleep(Duration::from_millis(ms.into())).await;
                    Ok(ms)
                }
            }
        };
        let raced = first(last_bytes.iter().map(address).collect(), connect).await;
        (raced, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn dead_addresses_cost_a_quarter_of_a_second_each() {
        for (addresses, wins, after) in [
            (&[20][..], 20, 20),
            (&[0, 20], 20, 270),
            (&[0, 0, 0, 0, 20], 20, 1020),
            // One that refuses costs nothing.
            (&[1, 20], 20, 20),
            (&[0, 1, 1, 20], 20, 270),
            // The first one that answers, and not the first one that was tried.
            (&[200, 20], 200, 200),
            (&[0, 100, 20], 100, 350),
        ] {
            let (won, took) = raced(addresses).await;
            assert_eq!((won.ok(), took), (Some(wins), Duration::from_millis(after)), "{addresses:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_none_answers_the_refusal_is_told() {
        let (failed, took) = raced(&[1, 1]).await;
        assert_eq!(failed.expect_err("nobody there").kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(took, Duration::ZERO);
        let dead = timeout(Duration::from_secs(60), raced(&[1, 0, 1])).await;
        assert!(dead.is_err(), "one of them may still answer");
    }
}
