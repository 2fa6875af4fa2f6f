//! Where HaloPSA is: what people paste into address fields becomes the two
//! base addresses, and a discovered authorisation server is believed only
//! where it cannot be somebody else's (HAPI §2).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use url::{Host, Url};
use workflow_node_sdk::text;

use crate::error::{Code, NodeError, Result};

/// Domains under which HaloPSA itself hosts instances (HAPI §2).
///
/// Evaluators get `NAME.trial.usehalo.com`, as recorded on a live trial.
pub const HALO_DOMAINS: &[&str] =
    &["halopsa.com", "haloitsm.com", "haloservicedesk.com", "halocrm.com", "halocrm.io", "usehalo.com"];

/// Where a bare name such as `example` is hosted.
const DEFAULT_DOMAIN: &str = "halopsa.com";

/// Reads an address as people type it: with or without scheme, path, slash.
/// Query and fragment are dropped.
fn parse(field: &str, typed: &str) -> Result<Url> {
    parse_whole(field, typed).map(|mut url| {
        url.set_query(None);
        url.set_fragment(None);
        url
    })
}

/// [`parse`], with query and fragment.
fn parse_whole(field: &str, typed: &str) -> Result<Url> {
    let typed = text::visible(typed);
    let invalid = |message: String| {
        NodeError::new(Code::InvalidUrl, message)
            .with_field(field)
            .with_advice("Enter an address such as https://example.halopsa.com")
    };
    // It is not quoted: a password may be in it.
    let authority = typed.split_once("//").map_or(typed.as_str(), |(_, rest)| rest);
    if authority.split(['/', '?', '#', '\\']).next().unwrap_or_default().contains('@') {
        return Err(invalid("The address must not hold a user name or a password.".to_string()));
    }
    if typed.is_empty() {
        return Err(invalid("The address is empty.".to_string()));
    }
    let url = absolute(&typed).and_then(|absolute| Url::parse(&absolute).ok()).filter(has_a_host);
    let Some(url) = url else {
        return Err(invalid(format!("\"{}\" is not a web address.", text::quoted(&typed))));
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(NodeError::new(Code::PlainHttp, "Plain http would send the client secret in the clear.")
            .with_field(field)
            .with_advice(
                "Use https. Plain http is accepted for this machine only (127.0.0.1, ::1, localhost).",
            ));
    }
    Ok(url)
}

/// The pasted address of a page, if a text is one.
pub fn address(text: &str) -> Option<Url> {
    let text = text::visible(text);
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // As in `absolute`.
    Url::parse(&format!("{scheme}://{}{path}", host.to_lowercase())).ok()
}

/// The whole of an address whose scheme may be missing, misspelt or there
/// twice, and whose host may be the bare name of an instance.
fn absolute(typed: &str) -> Option<String> {
    let typed = typed.replace('\\', "/");
    let (mut scheme, mut rest) = (None, typed.as_str());
    while let Some((name, after)) = split_scheme(rest) {
        // The innermost one is next to the host.
        scheme = Some(name);
        rest = after;
    }
    if scheme.is_none() {
        // `//host` means the scheme that is usual; `/path` and `:port` name no
        // host.
        rest = rest.strip_prefix("//").unwrap_or(rest);
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.starts_with("//") {
        // What is in front of it is a scheme of another kind.
        return None;
    }
    // Capitals and letters beyond ASCII do not get on in the library.
    let authority = authority.to_lowercase();
    let host = match authority.rfind(']') {
        Some(end) => authority.get(..=end)?,
        None => authority.split_once(':').map_or(authority.as_str(), |(host, _)| host),
    };
    let scheme = scheme.unwrap_or("https");
    if host.starts_with('[') || host.contains('.') || host == "localhost" {
        return Some(format!("{scheme}://{authority}{path}"));
    }
    let is_label = !host.is_empty()
        && !matches!(host, "http" | "https")
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let port = authority.strip_prefix(host)?;
    // A bare name after a scheme is a host of somebody's own network.
    match (is_label, typed.contains("://")) {
        (true, true) => Some(format!("{scheme}://{authority}{path}")),
        (true, false) => Some(format!("{scheme}://{host}.{DEFAULT_DOMAIN}{port}{path}")),
        (false, _) => None,
    }
}

/// A scheme in front of an address, also with a colon or slashes missing. What
/// is no scheme of the web stays in front, to be refused.
fn split_scheme(text: &str) -> Option<(&'static str, &str)> {
    for scheme in ["https", "http"] {
        let Some(after) = text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)) else {
            continue;
        };
        let after = text.get(after.len()..)?;
        if after.starts_with([':', '/']) {
            let rest = after.trim_start_matches([':', '/']);
            return Some((scheme, rest));
        }
    }
    None
}

/// Whether the host can be one: names with nothing between two dots are what
/// is left of an address without a host.
fn has_a_host(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name.split('.').all(|label| {
                    !label.is_empty()
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                })
            }
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            None => false,
        }
}

/// The tenant that an address of a sign-in names, such as
/// `https://auth.halopsa.com/token?tenant=acme`.
pub fn tenant_in(typed: &str) -> Option<String> {
    let url = parse_whole("", typed).ok()?;
    let tenant = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("tenant"))?.1;
    Some(text::visible(&tenant)).filter(|tenant| !tenant.is_empty())
}

/// First parts of the paths of the application that agents use. People paste
/// the address of whatever page they are on (HAPI §2, §2.1).
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
    if let Some(base) = before("/auth/token").or_else(|| before("/auth")).or_else(|| before("/token")) {
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
    let mut url = own(field, parse_whole(field, typed)?)?;
    // With a query it is the address of a page, whatever the page is called.
    let is_page = url.query_pairs().any(|(name, _)| !name.eq_ignore_ascii_case("tenant"));
    if is_page && matches!(tail(url.path()), Tail::Other(_)) {
        let folder = url.path().trim_end_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.to_string();
        url.set_path(&folder);
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(with_path(&url, &format!("{}/api", base_of(&url))))
}

/// Where else the API may be, if it is not there: what was taken for a folder
/// may have been a page. Nearest first, the root last.
pub fn nearer_to_the_root(resource_url: &Url) -> Vec<Url> {
    const MAX_FOLDERS: usize = 3;
    let mut urls = Vec::new();
    let mut path = resource_url.path().strip_suffix("/api").unwrap_or_default();
    while let Some((folder, _)) = path.rsplit_once('/') {
        path = folder;
        urls.push(with_path(resource_url, &format!("{folder}/api")));
    }
    if urls.len() > MAX_FOLDERS {
        urls.drain(MAX_FOLDERS - 1..urls.len() - 1);
    }
    urls
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
    Err(error.with_field(field).with_advice(
        "Enter the address of your own instance here, and this one as the authorisation server.",
    ))
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
/// authorisation servers have none (HAPI §2.1).
pub fn authorisation_server(field: &str, typed: &str, resource_url: &Url) -> Result<Url> {
    let url = parse(field, typed)?;
    let mut path = url.path().trim_end_matches('/');
    // An address of the token endpoint is meant as it stands, even where
    // nothing is left of its path.
    let mut is_whole = is_at_the_root(typed);
    while let Some(before) = path.len().checked_sub("/token".len()).and_then(|end| path.split_at_checked(end))
        && before.1.eq_ignore_ascii_case("/token")
    {
        path = before.0.trim_end_matches('/');
        is_whole = true;
    }
    let path = match tail(path) {
        Tail::Api(base) => format!("{base}/auth"),
        _ if path.is_empty() && url.host() == resource_url.host() && !is_whole => "/auth".to_string(),
        _ => path.to_string(),
    };
    Ok(with_path(&url, &path))
}

/// The last part of an authorisation server that has no folder although it is
/// on the instance's own host. Joined with `/token`, it is nothing.
const ROOT: &str = "/.";

fn is_at_the_root(typed: &str) -> bool {
    let path = typed.split(['?', '#']).next().unwrap_or_default();
    path.trim_end().ends_with(ROOT)
}

/// The authorisation server as a value of the form, which reads the same the
/// next time and can be put before `/token`.
pub fn shown_authorisation_server(auth_url: &Url, resource_url: &Url) -> String {
    let shown = auth_url.as_str().trim_end_matches('/');
    let is_bare = auth_url.path().trim_matches('/').is_empty() && auth_url.host() == resource_url.host();
    if is_bare { format!("{shown}{ROOT}") } else { shown.to_string() }
}

/// The authorisation server that an instance names. Behind a proxy that ends
/// TLS it may call itself by plain http: its own host is asked over https, on
/// its own origin.
///
/// # Errors
/// As for a typed one.
pub fn discovered_authorisation_server(said: &str, resource_url: &Url) -> Result<Url> {
    let own = Url::parse(said.trim()).ok().filter(|url| {
        url.scheme() == "http" && resource_url.scheme() == "https" && url.host() == resource_url.host()
    });
    match own {
        Some(url) => {
            let own = with_path(resource_url, url.path());
            authorisation_server("auth_url", own.as_str(), resource_url)
        }
        None => authorisation_server("auth_url", said, resource_url),
    }
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
        for page in ["customers?clientid=12", "customer?clientid=12&siteid=18", "a-page-of-next-year?id=3#x"]
        {
            assert_eq!(both(&format!("https://desk.example.org/{page}")).0, "https://desk.example.org/api");
            assert_eq!(
                both(&format!("https://desk.example.org/halo/{page}")).0,
                "https://desk.example.org/halo/api"
            );
        }
        assert_eq!(both("http://127.0.0.1:8080").0, "http://127.0.0.1:8080/api");
        assert_eq!(both("http://[::1]:80/auth").1, "http://[::1]/auth");
    }

    #[test]
    fn a_misspelt_scheme_is_understood_and_never_taken_for_an_instance() {
        for typed in [
            "https:/x.halopsa.com",
            "https//x.halopsa.com",
            "https:x.halopsa.com",
            "https:///x.halopsa.com",
            "https://https://x.halopsa.com",
            "http://https://x.halopsa.com",
            "HTTPS:\\\\x.halopsa.com",
            "//x.halopsa.com",
            "x.trial.usehalo.com/",
        ] {
            let read = of_instance("url", typed).unwrap();
            assert!(
                matches!(read.host_str(), Some("x.halopsa.com" | "x.trial.usehalo.com")),
                "{typed}: {read}"
            );
        }
        assert_eq!(of_instance("url", "https:/x").unwrap().as_str(), "https://x.halopsa.com/api");
    }

    #[test]
    fn hosts_in_capitals_and_beyond_ascii_do_not_panic() {
        for typed in ["https://Ünicode.Example.org", "ÄÖX.example", "https://xn--X.Example", "Éa.halopsa.com"]
        {
            let _ = of_instance("url", typed);
        }
        assert_eq!(of_instance("url", "X.HALOPSA.COM").unwrap().as_str(), "https://x.halopsa.com/api");
    }

    #[test]
    fn a_folder_that_is_none_leads_to_the_root() {
        let nearer = |url: &str| -> Vec<String> {
            nearer_to_the_root(&Url::parse(url).unwrap()).iter().map(ToString::to_string).collect()
        };
        assert_eq!(nearer("https://d.example/customers/api"), ["https://d.example/api"]);
        assert_eq!(nearer("https://d.example/a/b/api"), ["https://d.example/a/api", "https://d.example/api"]);
        assert_eq!(nearer("https://d.example/a/b/c/d/e/api").len(), 3);
        assert_eq!(nearer("https://d.example/a/b/c/d/e/api")[2], "https://d.example/api");
        assert!(nearer("https://d.example/api").is_empty());
    }

    #[test]
    fn an_instance_behind_a_proxy_is_signed_in_to_over_https() {
        let resource = Url::parse("https://desk.example.org:8443/api").unwrap();
        for said in [
            "http://desk.example.org/auth",
            "http://DESK.example.org:8080/auth/",
            "http://desk.example.org/auth/token",
        ] {
            let url = discovered_authorisation_server(said, &resource).unwrap();
            assert_eq!(url.as_str(), "https://desk.example.org:8443/auth", "{said}");
            assert!(is_trusted(&url, &resource));
        }
        let elsewhere = discovered_authorisation_server("http://evil.example/auth", &resource);
        assert_eq!(elsewhere.unwrap_err().code(), Code::PlainHttp);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (typed, code) in [
            ("", Code::InvalidUrl),
            ("/api", Code::InvalidUrl),
            (":8080", Code::InvalidUrl),
            ("/", Code::InvalidUrl),
            ("?x=1", Code::InvalidUrl),
            ("#", Code::InvalidUrl),
            ("https", Code::InvalidUrl),
            ("https:", Code::InvalidUrl),
            ("https:/", Code::InvalidUrl),
            ("https://.halopsa.com", Code::InvalidUrl),
            ("x..halopsa.com", Code::InvalidUrl),
            ("x,halopsa,com", Code::InvalidUrl),
            ("http:/x.halopsa.com", Code::PlainHttp),
            ("http//x.halopsa.com", Code::PlainHttp),
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
            assert_eq!((crate::error::code_of(&error), error.field()), (code, Some("/url")), "{typed}");
            assert!(!error.message().contains("hunter2"));
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
