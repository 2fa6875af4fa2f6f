//! HTTP requests and answers as plain data, and how an exchange can fail.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use url::Url;

/// The methods of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create or update.
    Post,
    /// Put in the place of what is there.
    Put,
    /// Update in part.
    Patch,
    /// Delete.
    Delete,
}

impl Method {
    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, ready to be sent. [`Debug`](fmt::Debug) shows neither headers
/// nor body, since they hold token and secret.
#[derive(Clone)]
pub struct HttpRequest {
    /// What to do.
    pub method: Method,
    /// To what.
    pub url: Url,
    /// Names in lower case. `content-length` is the transport's.
    pub headers: Vec<(&'static str, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), self.url)
    }
}

/// An answer, whatever its status.
#[derive(Default)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// As the server, or the host, spells them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

impl HttpResponse {
    /// The first value of a header, if it is text; its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_bytes(name).and_then(|value| core::str::from_utf8(value).ok())
    }

    /// The first value of a header, in whatever encoding; its name in any case.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Whether it is a page for a browser: a login page, a proxy or an upgrade
    /// answers so, with any status.
    pub fn is_html(&self) -> bool {
        let start = self.body.iter().position(|byte| !byte.is_ascii_whitespace());
        let begins_with_tag = start.and_then(|at| self.body.get(at)) == Some(&b'<');
        let says_html = self.header("content-type").is_some_and(|kind| kind.contains("html"));
        begins_with_tag || (says_html && !self.body.is_empty())
    }

    /// Whether the body is an HTML document, told from files that begin with a
    /// tag, too: SVG, XML and the like.
    pub fn is_html_document(&self) -> bool {
        match self.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim()) {
            Some(kind) if kind.eq_ignore_ascii_case("text/html") => !self.body.is_empty(),
            _ => first_tag(&self.body).is_some_and(|tag| {
                const OF_A_PAGE: [&[u8]; 4] = [b"html", b"head", b"body", b"title"];
                OF_A_PAGE.iter().any(|name| tag.eq_ignore_ascii_case(name))
            }),
        }
    }

    /// How long the server asks us to wait: seconds, or a date that is
    /// compared with the server's own clock where it tells it.
    pub fn retry_after(&self, now: jiff::Timestamp) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(Duration::from_secs(seconds.into()));
        }
        let until = parse_date(value)?;
        let now = self.header("date").and_then(parse_date).unwrap_or(now);
        let seconds = until.as_second().saturating_sub(now.as_second());
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }
}

/// Reads a date of a header, in the one form that servers may send
/// (RFC 9110, 5.6.7), such as `Sun, 01 Mar 2026 09:00:30 GMT`.
pub fn parse_date(text: &str) -> Option<jiff::Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split(' ').skip(1);
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

/// The name of the first element, or of the document type, behind an XML
/// declaration and comments.
fn first_tag(body: &[u8]) -> Option<&[u8]> {
    let find = |text: &[u8], end: &[u8]| text.windows(end.len()).position(|part| part == end);
    let mut rest = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    loop {
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            _ => break,
        };
        rest = rest.get(find(rest, end)? + end.len()..)?.trim_ascii_start();
    }
    let inside = rest.strip_prefix(b"<")?;
    let name = match inside.get(..8) {
        Some(start) if start.eq_ignore_ascii_case(b"!doctype") => inside.get(8..)?.trim_ascii_start(),
        _ => inside,
    };
    let length = name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..length).filter(|name| !name.is_empty())
}

/// What an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the answer begins.
    pub first_byte: Duration,
    /// Between two parts of the answer.
    pub between_bytes: Duration,
    /// All of it.
    pub total: Duration,
    /// The largest body that is read.
    pub body_bytes: usize,
    /// The most that the bodies of all exchanges side by side may take together.
    pub all_bytes: usize,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportError {
    /// What went wrong.
    pub reason: Reason,
    /// Whether the server may have acted on the request.
    pub reached: Reached,
}

/// What went wrong in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The host does not let the request out.
    Denied,
    /// There is no such host name.
    UnknownHost,
    /// Nobody listens, or TLS fails.
    NoConnection,
    /// The connection broke.
    Broken,
    /// It took too long.
    TimedOut,
    /// The body is larger than [`Limits::body_bytes`].
    TooLarge,
    /// The bodies of several answers are larger than [`Limits::all_bytes`].
    NoRoom,
    /// It is not HTTP as we know it.
    NotHttp,
}

/// Whether the server may have acted on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Certainly not.
    No,
    /// It may.
    Maybe,
}

impl TransportError {
    /// Both at once.
    pub const fn new(reason: Reason, reached: Reached) -> Self {
        Self { reason, reached }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn with(headers: &[(&str, &str)], body: &str) -> HttpResponse {
        HttpResponse {
            status: 429,
            headers: headers.iter().map(|(n, v)| ((*n).into(), v.as_bytes().to_vec())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        assert_eq!(with(&[("retry-after", "12")], "").retry_after(now), Some(Duration::from_secs(12)));
        let date = with(&[("retry-after", "Sun, 01 Mar 2026 09:00:30 GMT")], "");
        assert_eq!(date.retry_after(now), Some(Duration::from_secs(30)));
        let past = with(&[("retry-after", "Sun, 01 Mar 2026 08:00:00 GMT")], "");
        assert_eq!(past.retry_after(now), Some(Duration::ZERO));
        assert_eq!(with(&[("retry-after", "soon")], "").retry_after(now), None);
        assert_eq!(with(&[], "").retry_after(now), None);
    }

    #[test]
    fn a_date_is_measured_by_the_clock_of_the_server() {
        let ours = "2026-03-01T10:00:00Z".parse().unwrap();
        let headers =
            [("retry-after", "Sun, 01 Mar 2026 09:00:30 GMT"), ("date", "Sun, 01 Mar 2026 09:00:00 GMT")];
        assert_eq!(with(&headers, "").retry_after(ours), Some(Duration::from_secs(30)));
    }

    #[test]
    fn html_is_known_by_its_type_or_its_first_character() {
        assert!(with(&[("content-type", "text/html; charset=utf-8")], "Sorry").is_html());
        assert!(with(&[], "\r\n <!doctype html>").is_html());
        assert!(!with(&[("content-type", "application/json")], "{}").is_html());
        assert!(!with(&[], "").is_html());
    }

    #[test]
    fn an_html_document_is_told_from_other_markup() {
        let octets = [("content-type", "application/octet-stream")];
        for page in [
            "<!DOCTYPE html><html>",
            "\r\n<html lang=en>",
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C\"><html>",
            "<!-- sorry --><head>",
        ] {
            assert!(with(&octets, page).is_html_document(), "{page}");
        }
        for file in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "<?xml version=\"1.0\"?>\n<!-- <html> -->\n<svg/>",
            "<!DOCTYPE svg PUBLIC><svg/>",
            "\u{feff}<?xml version=\"1.0\"?><Invoice/>",
            "<title1/>",
            "<",
            "<?xml",
            "plain",
            "",
        ] {
            assert!(!with(&octets, file).is_html_document(), "{file}");
        }
        assert!(with(&[("content-type", "text/html; charset=utf-8")], "Sorry").is_html_document());
    }

    #[test]
    fn debug_shows_no_headers() {
        let request = HttpRequest {
            method: Method::Get,
            url: Url::parse("https://x.example/api").unwrap(),
            headers: vec![("authorization", "Bearer abc".into())],
            body: b"client_secret=abc".to_vec(),
        };
        assert_eq!(alloc::format!("{request:?}"), "GET https://x.example/api");
    }

    #[test]
    fn http_dates_are_read() {
        let instant = parse_date("Sun, 01 Mar 2026 09:00:30 GMT").map(|instant| instant.to_string());
        assert_eq!(instant.as_deref(), Some("2026-03-01T09:00:30Z"));
        for wrong in
            ["tomorrow", "Sun, 01 Mar 2026", "Sun, 01 anF 2026 09:00:30 GMT", "Sun, 32 Mar 2026 09:00:30 GMT"]
        {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }
}
