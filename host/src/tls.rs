//! Whom a connection trusts, and how it shows who it is: certificate authorities and
//! client certificates, from PEM that the embedder gives.
//!
//! A client certificate is shown to whatever server asks for one in the handshake. A
//! connection opens sockets to its own [egress](crate::egress) only, and shares none
//! with others, so it is never shown to an origin that nobody typed or accepted;
//! attachment links are followed without it.

use std::fmt;
use std::sync::{Arc, LazyLock};

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::HostError;

/// How many TLS sessions of one connection can be taken up again.
const SESSIONS: usize = 16;

/// The public certificate authorities, the same for all connections.
static PUBLIC_ROOTS: LazyLock<Arc<RootCertStore>> =
    LazyLock::new(|| Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }));

/// Whom a connection trusts, and with which certificate it shows who it is. Unless set,
/// it trusts the public certificate authorities and has no certificate.
#[derive(Clone, Default)]
pub struct Tls {
    /// `None`: the public ones.
    roots: Option<Arc<RootCertStore>>,
    identity: Option<Arc<Identity>>,
}

/// A client certificate with what leads to its authority, and its key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.roots.as_ref().map(|roots| roots.len()))
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

fn wrong(reason: impl Into<String>) -> HostError {
    HostError::Certificate(reason.into())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, HostError> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| wrong(format!("the PEM cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(wrong("there is no certificate in the PEM"));
    }
    Ok(certificates)
}

impl Tls {
    /// Trusts the certificate authorities in this PEM, too.
    ///
    /// # Errors
    /// [`HostError::Certificate`] where there are none in it.
    pub fn trust(mut self, pem: &[u8]) -> Result<Self, HostError> {
        let mut roots = self.roots.unwrap_or_else(|| Arc::clone(&PUBLIC_ROOTS));
        add(Arc::make_mut(&mut roots), pem)?;
        self.roots = Some(roots);
        Ok(self)
    }

    /// Trusts the certificate authorities in this PEM and no others.
    ///
    /// # Errors
    /// [`HostError::Certificate`] where there are none in it.
    pub fn trust_only(mut self, pem: &[u8]) -> Result<Self, HostError> {
        let mut roots = RootCertStore::empty();
        add(&mut roots, pem)?;
        self.roots = Some(Arc::new(roots));
        Ok(self)
    }

    /// Shows this certificate to servers that ask for one. `chain` is PEM, the client's
    /// own certificate first; `key` is PEM, unencrypted, and wiped with the connection.
    ///
    /// # Errors
    /// [`HostError::Certificate`] where one of them cannot be read, or the key is not
    /// that of the certificate. It says nothing of the key.
    pub fn with_identity(mut self, chain: &[u8], key: &[u8]) -> Result<Self, HostError> {
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| wrong("the key of the client certificate is not unencrypted PEM"))?;
        self.identity = Some(Arc::new(Identity { chain: certificates(chain)?, key }));
        // Whether they belong together is known when they are put to use.
        self.config()?;
        Ok(self)
    }

    /// The same trust, without a certificate of its own.
    pub(crate) fn anonymous(&self) -> Self {
        Self { roots: self.roots.clone(), identity: None }
    }

    /// What TLS is made with.
    pub(crate) fn config(&self) -> Result<ClientConfig, HostError> {
        let roots = self.roots.clone().unwrap_or_else(|| Arc::clone(&PUBLIC_ROOTS));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HostError::Engine(error.to_string()))?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some(identity) => config
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(|error| wrong(format!("the client certificate is of no use: {error}")))?,
        };
        // One for each origin that a node talks to, and some room.
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(config)
    }
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), HostError> {
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| wrong(format!("it is no certificate authority: {error}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn made() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn authorities_are_added_to_the_public_ones_or_take_their_place() {
        let (certificate, _) = made();
        let public = webpki_roots::TLS_SERVER_ROOTS.len();
        let count = |tls: Tls| tls.roots.map_or(public, |roots| roots.len());
        assert_eq!(count(Tls::default()), public);
        assert_eq!(count(Tls::default().trust(certificate.as_bytes()).expect("one")), public + 1);
        assert_eq!(count(Tls::default().trust_only(certificate.as_bytes()).expect("one")), 1);
        for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(Tls::default().trust(pem.as_bytes()).is_err(), "{pem}");
            assert!(Tls::default().trust_only(pem.as_bytes()).is_err(), "{pem}");
        }
    }

    #[test]
    fn a_key_that_is_not_the_certificates_is_refused_and_not_shown() {
        let ((certificate, key), (_, other)) = (made(), made());
        let tls = |key: &str| Tls::default().with_identity(certificate.as_bytes(), key.as_bytes());
        let shown = format!("{:?}", tls(&key).expect("they belong together"));
        assert_eq!(shown, "Tls { roots: None, identity: true }");
        for key in [other.as_str(), certificate.as_str(), "hunter22"] {
            let refused = tls(key).expect_err("another key").to_string();
            assert!(refused.contains("client certificate") && !refused.contains("hunter22"), "{refused}");
        }
        assert!(tls(&key).expect("an identity").anonymous().identity.is_none());
    }
}
