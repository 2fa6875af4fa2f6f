//! Where HaloPSA is: what people paste into address fields becomes the two
//! base addresses, and a discovered authorisation server is believed only
//! where it cannot be somebody else's (HAPI 2).

use alloc::format;
use alloc::string::{String, ToString};

use url::{Host, Url};

use crate::error::{Code, NodeError, Result};

/// Domains under which HaloPSA itself hosts instances (HAPI 2).
pub const HALO_DOMAINS: &[&str] =
    &["halopsa.com", "haloitsm.com", "haloservicedesk.com", "halocrm.com", "halocrm.io"];

/// Where a bare name such as `example` is hosted.
const DEFAULT_DOMAIN: &str = "halopsa.com";

/// Reads an address as people type it: with or without scheme, path, slash.
/// Query and fragment are dropped.
fn parse(field: &str, typed: &str) -> Result<Url> {
    let typed = typed.trim();
    let invalid = |message: String| {
        Err(NodeError::new(Code::InvalidUrl, message)
            .field(field)
            .advice("Enter an address such as https://example.halopsa.com"))
    };
    // It is not quoted: a password may stand in it.
    if typed.contains('@') {
        return invalid("The address must not hold a user name or a password.".to_string());
    }
    if typed.is_empty() {
        return invalid("The address is empty.".to_string());
    }
    let absolute = if typed.contains("://") {
        typed.to_string()
    } else {
        let (host, rest) = typed.split_at(typed.find(['/', ':']).unwrap_or(typed.len()));
        if host.contains('.') || host == "localhost" {
            format!("https://{typed}")
        } else {
            format!("https://{host}.{DEFAULT_DOMAIN}{rest}")
        }
    };
    let Ok(mut url) = Url::parse(&absolute) else {
        return invalid(format!("\"{}\" is no web address.", crate::text::cut(typed, 80)));
    };
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none_or(str::is_empty) {
        return invalid(format!("\"{}\" is no web address.", crate::text::cut(typed, 80)));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(NodeError::new(Code::PlainHttp, "Plain http would send the client secret in the clear.")
            .field(field)
            .advice("Use https. Plain http is accepted for this machine only (127.0.0.1, ::1, localhost)."));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// First parts of the paths of the application that agents use. People paste
/// the address of whatever page they are on (HAPI 2, 2.1).
const PAGES: &[&str] = &["/ticket", "/tickets", "/config", "/apidoc"];

/// What stands before a page of the application.
fn before_page(path: &str) -> &str {
    let mut starts = path.match_indices('/').map(|(start, _)| start);
    let page = starts.find(|start| {
        let rest = path.get(*start..).unwrap_or_default().to_ascii_lowercase();
        PAGES
            .iter()
            .any(|page| rest.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    });
    page.and_then(|start| path.get(..start)).unwrap_or(path)
}

/// What a path ends in, and what stands before it.
enum Tail<'a> {
    Auth(&'a str),
    Api(&'a str),
    Other(&'a str),
}

fn tail(path: &str) -> Tail<'_> {
    let path = path.trim_end_matches('/');
    let lower = path.to_ascii_lowercase();
    let before = |suffix: &str| lower.strip_suffix(suffix).and_then(|start| path.get(..start.len()));
    if let Some(base) = before("/auth/token").or_else(|| before("/auth")) {
        return Tail::Auth(base);
    }
    if let Some(base) = before("/api") {
        return Tail::Api(base);
    }
    Tail::Other(path)
}

/// What stands before `/api` and `/auth`: nothing below Halo's own domains, and
/// perhaps a folder on a customer's server.
fn base_of(url: &Url) -> String {
    if halo_domain(url).is_some() {
        return String::new();
    }
    match tail(before_page(url.path())) {
        Tail::Auth(base) | Tail::Api(base) | Tail::Other(base) => base.to_string(),
    }
}

fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

/// The resource server of the instance whose address a person gives.
pub fn of_instance(field: &str, typed: &str) -> Result<Url> {
    let url = own(field, parse(field, typed)?)?;
    Ok(with_path(&url, &format!("{}/api", base_of(&url))))
}

/// The authorisation server that stands beside a resource server if nobody says
/// otherwise.
pub fn usual_authorisation_server(resource_url: &Url) -> Url {
    with_path(resource_url, &format!("{}/auth", base_of(resource_url)))
}

/// An address that is one instance's own.
fn own(field: &str, url: Url) -> Result<Url> {
    if !is_shared_auth_server(&url) {
        return Ok(url);
    }
    let error =
        NodeError::new(Code::InvalidUrl, "This is the authorisation server that many instances share.");
    Err(error
        .field(field)
        .advice("Enter the address of your own instance here, and this one as the authorisation server."))
}

/// The resource server from the address typed for it.
pub fn resource_server(field: &str, typed: &str) -> Result<Url> {
    let url = own(field, parse(field, typed)?)?;
    let path = match tail(url.path()) {
        Tail::Api(base) | Tail::Auth(base) => format!("{base}/api"),
        Tail::Other("") => "/api".to_string(),
        Tail::Other(path) => path.to_string(),
    };
    Ok(with_path(&url, &path))
}

/// The authorisation server from the address typed or discovered for it. Only
/// on the resource server's own host does an empty path mean `/auth`: shared
/// authorisation servers have none (HAPI 2.1).
pub fn authorisation_server(field: &str, typed: &str, resource_url: &Url) -> Result<Url> {
    let url = parse(field, typed)?;
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/token").unwrap_or(path);
    let path = match tail(path) {
        Tail::Api(base) => format!("{base}/auth"),
        _ if path.is_empty() && url.host() == resource_url.host() => "/auth".to_string(),
        _ => path.to_string(),
    };
    Ok(with_path(&url, &path))
}

/// Whether an authorisation server that the instance names may be sent the
/// secret. A lying server must not be able to name another one: it has the
/// resource server's own origin, or both are under the same one of Halo's
/// domains. Plain http never gets this far but for loopback.
pub fn is_trusted(auth_url: &Url, resource_url: &Url) -> bool {
    let same_domain = halo_domain(auth_url).is_some() && halo_domain(auth_url) == halo_domain(resource_url);
    auth_url.origin() == resource_url.origin() || (same_domain && auth_url.scheme() == "https")
}

fn halo_domain(url: &Url) -> Option<&'static str> {
    let host = url.domain()?.trim_end_matches('.');
    HALO_DOMAINS
        .iter()
        .copied()
        .find(|domain| host == *domain || host.strip_suffix(domain).is_some_and(|start| start.ends_with('.')))
}

fn is_shared_auth_server(url: &Url) -> bool {
    halo_domain(url).is_some() && url.domain().is_some_and(|host| host.starts_with("auth."))
}

/// Whether an address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Scheme, host and port, as in egress lists.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The address of the application that agents use: what stands before `/api`.
pub fn instance(resource_url: &Url) -> String {
    let text = resource_url.as_str().trim_end_matches('/');
    text.strip_suffix("/api").unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(typed: &str) -> (String, String) {
        let resource_url = of_instance("url", typed).unwrap();
        (resource_url.to_string(), usual_authorisation_server(&resource_url).to_string())
    }

    #[test]
    fn everything_that_people_paste_is_understood() {
        let hosted = ("https://x.halopsa.com/api".to_string(), "https://x.halopsa.com/auth".to_string());
        for typed in [
            "x",
            "x.halopsa.com",
            "x.halopsa.com/",
            "https://x.halopsa.com",
            "https://x.halopsa.com/",
            "  https://x.halopsa.com/auth ",
            "https://x.halopsa.com/auth/",
            "https://x.halopsa.com/auth/token",
            "https://x.halopsa.com/api",
            "https://x.halopsa.com/api/",
            "https://X.HaloPSA.com/API",
            "https://x.halopsa.com/config/integrations/api",
            "https://x.halopsa.com/ticket?id=12&showmenu=false#top",
        ] {
            assert_eq!(both(typed), hosted, "{typed}");
        }
        assert_eq!(
            both("https://desk.example.org:8443/halo/api").0,
            "https://desk.example.org:8443/halo/api"
        );
        assert_eq!(both("https://desk.example.org/halo").1, "https://desk.example.org/halo/auth");
        assert_eq!(
            both("https://desk.example.org/halo/tickets?id=17").1,
            "https://desk.example.org/halo/auth"
        );
        assert_eq!(both("https://desk.example.org/tickets").0, "https://desk.example.org/api");
        assert_eq!(both("http://127.0.0.1:8080").0, "http://127.0.0.1:8080/api");
        assert_eq!(both("http://[::1]:80/auth").1, "http://[::1]/auth");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (typed, code) in [
            ("", Code::InvalidUrl),
            ("https://", Code::InvalidUrl),
            ("ftp://x.halopsa.com", Code::InvalidUrl),
            ("https://user:pass@x.halopsa.com", Code::InvalidUrl),
            ("ftp://me:hunter2@x.halopsa.com", Code::InvalidUrl),
            ("not a url", Code::InvalidUrl),
            ("http://x.halopsa.com", Code::PlainHttp),
            ("http://127.0.0.1.example.com", Code::PlainHttp),
            ("http://10.0.0.5/api", Code::PlainHttp),
            ("https://auth.haloservicedesk.com", Code::InvalidUrl),
        ] {
            let error = of_instance("url", typed).unwrap_err();
            assert_eq!((error.get_code(), error.get_field()), (code, Some("/url")), "{typed}");
            assert!(!error.get_message().contains("hunter2"));
        }
    }

    #[test]
    fn the_authorisation_server_keeps_an_empty_path_on_another_host() {
        let resource = Url::parse("https://x.halopsa.com/api").unwrap();
        for (typed, expected) in [
            ("https://auth.halopsa.com", "https://auth.halopsa.com/"),
            ("https://auth.haloservicedesk.com/token", "https://auth.haloservicedesk.com/"),
            ("https://x.halopsa.com", "https://x.halopsa.com/auth"),
            ("https://x.halopsa.com/auth/token", "https://x.halopsa.com/auth"),
            ("https://x.halopsa.com/api", "https://x.halopsa.com/auth"),
        ] {
            assert_eq!(authorisation_server("auth_url", typed, &resource).unwrap().as_str(), expected);
        }
        assert_eq!(resource_server("resource_url", "x.halopsa.com").unwrap().as_str(), resource.as_str());
    }

    #[test]
    fn a_lying_instance_cannot_send_the_secret_elsewhere() {
        let trusted = |auth: &str, resource: &str| {
            is_trusted(&Url::parse(auth).unwrap(), &Url::parse(resource).unwrap())
        };
        assert!(trusted("https://x.halopsa.com/auth", "https://x.halopsa.com/api"));
        assert!(trusted("https://auth.halopsa.com", "https://x.halopsa.com/api"));
        assert!(trusted("https://desk.example.org/auth", "https://desk.example.org/api"));
        assert!(trusted("http://127.0.0.1:8/auth", "http://127.0.0.1:8/api"));
        assert!(!trusted("http://127.0.0.1:9/auth", "http://127.0.0.1:8/api"));
        assert!(!trusted("https://auth.haloitsm.com", "https://x.halopsa.com/api"));
        assert!(!trusted("https://evil.example", "https://x.halopsa.com/api"));
        assert!(!trusted("https://evilhalopsa.com", "https://x.halopsa.com/api"));
        assert!(!trusted("https://halopsa.com.evil.example", "https://x.halopsa.com/api"));
        assert!(!trusted("http://x.halopsa.com/auth", "https://x.halopsa.com/api"));
        assert!(!trusted("https://auth.example.org", "https://desk.example.org/api"));
        assert!(!trusted("http://127.0.0.1/auth", "https://x.halopsa.com/api"));
        assert!(!trusted("https://x.halopsa.com/auth", "http://127.0.0.1/api"));
    }

    #[test]
    fn the_instance_is_what_stands_before_the_api() {
        assert_eq!(instance(&Url::parse("https://x.example/halo/api").unwrap()), "https://x.example/halo");
    }
}
