//! What must never be seen: values that hide themselves, and the scrubbing of
//! text that may hold them.
//!
//! Two rules cover everything that leaves the crate. A secret is kept in a
//! [`Secret`], whose `Debug` shows nothing. Text that others wrote (a guest's
//! error, a URL) goes through [`Secrets`], which knows the values of one
//! connection, those of its credential form and the tokens that it got. In which
//! forms they are found is the business of [`workflow_node_redaction`].
//!
//! Both wipe their values when they are dropped. Copies that others make are not
//! wiped: headers and bodies on their way, and what a component has in its memory.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use url::Url;
use workflow_node_redaction::{HIDDEN, Kind, MIN_SECRET, Redactor};
use zeroize::Zeroizing;

/// How many credentials of one connection are remembered, those that were replaced
/// among them.
const CREDENTIALS: usize = 32;
/// How many tokens. A connection that lives for days sees many; those that died long
/// ago open nothing.
const TOKENS: usize = 16;

/// Names of query parameters whose values are never shown.
const SECRET_NAMES: [&str; 12] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "client_secret",
    "key",
    "password",
    "refresh_token",
    "secret",
    "sig",
    "token",
];

/// A value that hides itself, and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value over: a `String` is moved, and other copies of it are the caller's
    /// to wipe.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value, to be sent.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// The secrets of one connection, to be found in text.
#[derive(Default)]
pub(crate) struct Secrets {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// Credentials, then tokens in the order in which they were learnt.
    values: Vec<Secret>,
    /// How many of them are credentials.
    credentials: usize,
    redactor: Redactor,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Remembers a token, or what is as short-lived; the oldest make room.
    pub(crate) fn add(&self, secret: &str) {
        self.learn(secret, false);
    }

    /// Remembers a credential, for longer than any token; so many of them that those
    /// which were replaced are among them.
    pub(crate) fn keep(&self, secret: &str) {
        self.learn(secret, true);
    }

    fn learn(&self, secret: &str, credential: bool) {
        // What was pasted with its line end is repeated without it.
        let secret = secret.trim();
        if secret.len() < MIN_SECRET {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.values.iter().position(|value| value.expose_secret() == secret) {
            Some(place) if !credential || place < known.credentials => return,
            // It was taken for a token before.
            Some(place) => drop(known.values.remove(place)),
            None => {}
        }
        let (last, end) = (known.credentials, known.values.len());
        known.values.insert(if credential { last } else { end }, Secret::new(secret));
        known.credentials += usize::from(credential);
        if known.credentials > CREDENTIALS {
            known.values.remove(0);
            known.credentials -= 1;
        }
        if known.values.len() - known.credentials > TOKENS {
            let oldest = known.credentials;
            known.values.remove(oldest);
        }
        known.redactor = Redactor::new(known.values.iter().map(Secret::expose_secret));
    }

    fn with<T>(&self, read: impl FnOnce(&Redactor) -> T) -> T {
        read(&self.known.read().unwrap_or_else(PoisonError::into_inner).redactor)
    }

    /// Takes every secret out of words for people.
    pub(crate) fn scrub(&self, text: &mut String) {
        self.with(|redactor| redactor.text(text, Kind::Words));
    }

    /// Cuts words for people after so many bytes, and takes every secret out of
    /// them; no part of one is left at the cut.
    pub(crate) fn shorten(&self, text: &mut String, limit: usize) {
        self.with(|redactor| redactor.shorten(text, limit));
    }

    /// Takes secrets out of JSON for people, which stays JSON.
    pub(crate) fn scrub_json(&self, json: &mut String) {
        self.with(|redactor| redactor.json(json, Kind::Words));
    }

    /// Takes secrets out of data: JSON stays JSON, and what is no secret stays.
    pub(crate) fn scrub_data(&self, data: &mut String) {
        self.with(|redactor| redactor.json(data, Kind::Data));
    }

    /// A URL as it may be shown: no userinfo, no fragment, no values of
    /// parameters with a telling name, and no known secret anywhere, whether
    /// percent-encoded or not.
    pub(crate) fn url(&self, url: &str) -> String {
        if is_plain(url) {
            return self.scrubbed(url);
        }
        let Ok(mut url) = Url::parse(url) else {
            // What does not parse was never sent, so nothing is lost.
            return "(unreadable URL)".to_owned();
        };
        // These fail for URLs without a host only, which have no userinfo.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        if url.query().is_some() {
            let pairs: Vec<(String, String)> = url
                .query_pairs()
                .map(|(name, value)| {
                    let value = if is_secret_name(&name) { HIDDEN.to_owned() } else { self.scrubbed(&value) };
                    (self.scrubbed(&name), value)
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
        let segments: Option<Vec<String>> = url.path_segments().map(|segments| {
            segments
                .map(|segment| {
                    let plain = decoded(segment);
                    let scrubbed = self.scrubbed(&plain);
                    if scrubbed == plain { segment.to_owned() } else { scrubbed }
                })
                .collect()
        });
        if let Some(segments) = segments {
            url.set_path(&segments.join("/"));
        }
        let mut text = url.to_string();
        self.scrub(&mut text);
        text
    }

    fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.scrub(&mut text);
        text
    }
}

/// Whether a URL is as most are: nothing in it is encoded or stands before its
/// host, and no parameter has a telling name.
fn is_plain(url: &str) -> bool {
    let mut names = url.split(['?', '&']).skip(1).map(|pair| pair.split('=').next().unwrap_or(pair));
    url.starts_with("http")
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"@#%+\\".contains(&byte))
        && !names.any(is_secret_name)
}

fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Percent-decoded text of a path segment.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = match (first, after) {
            (b'%', [high, low, ..]) => (*high as char)
                .to_digit(16)
                .zip((*low as char).to_digit(16))
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok()),
            _ => None,
        };
        bytes.push(hex.unwrap_or(first));
        rest = match hex {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let secrets = Secrets::default();
        for value in values {
            secrets.add(value);
        }
        secrets
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter22")), HIDDEN);
    }

    #[test]
    fn the_list_of_secrets_does_not_show_them() {
        assert!(!format!("{:?}", secrets(&["hunter22"])).contains("hunter22"));
    }

    #[test]
    fn every_secret_is_taken_out_of_text() {
        let mut text = "hunter22 and again hunter22 and tok-1234".to_owned();
        secrets(&["hunter22", "tok-1234"]).scrub(&mut text);
        assert_eq!(text, "*** and again *** and ***");
    }

    #[test]
    fn a_secret_that_holds_another_one_is_taken_out_whole() {
        let mut text = "token-of-hunter22-and-more hunter22".to_owned();
        secrets(&["hunter22", "token-of-hunter22-and-more"]).scrub(&mut text);
        assert_eq!(text, "*** ***");
    }

    #[test]
    fn a_secret_that_was_pasted_with_its_line_end_is_found_without_it() {
        let mut text = "it is hunter22.".to_owned();
        secrets(&[" hunter22\n"]).scrub(&mut text);
        assert_eq!(text, "it is ***.");
    }

    #[test]
    fn a_secret_is_found_as_it_stands_in_json_and_in_forms() {
        let secrets = secrets(&["pass\"w\\rd & more"]);
        for text in [
            r#"{"secret":"pass\"w\\rd & more"}"#,
            "secret=pass%22w%5Crd+%26+more&x=1",
            "https://h.example/pass%22w%5Crd%20%26%20more",
        ] {
            let mut shown = text.to_owned();
            secrets.scrub(&mut shown);
            assert!(shown.contains(HIDDEN) && !shown.contains("more"), "{shown}");
        }
    }

    #[test]
    fn a_very_short_secret_leaves_text_readable() {
        let mut text = "a cat".to_owned();
        secrets(&["a"]).scrub(&mut text);
        assert_eq!(text, "a cat");
    }

    #[test]
    fn urls_lose_userinfo_fragment_and_telling_parameters() {
        let shown = secrets(&[]).url("https://me:pw@host.example/a/b?x=1&Access_Token=abc&key=k#frag");
        assert_eq!(shown, "https://host.example/a/b?x=1&Access_Token=***&key=***");
        assert_eq!(
            secrets(&[]).url("https://host.example/a?x=1&SIG=abc"),
            "https://host.example/a?x=1&SIG=***"
        );
    }

    #[test]
    fn a_known_secret_is_found_in_path_and_query_encoded_or_not() {
        let secrets = secrets(&["p@ss/word"]);
        for url in [
            "https://h.example/p%40ss%2Fword/x",
            "https://h.example/x?note=p%40ss%2Fword",
            "https://h.example/x?p%40ss%2fword=1",
            "https://h.example/p@ss/word",
        ] {
            let shown = secrets.url(url);
            assert!(shown.contains(HIDDEN), "{url} became {shown}");
            assert!(!shown.contains("ss/word") && !shown.contains("ss%2"), "{url} became {shown}");
        }
    }

    #[test]
    fn other_urls_stay_as_they_are() {
        let url = "https://h.example:8443/Ticket/1?count=true&order=id";
        assert_eq!(secrets(&["hunter22"]).url(url), url);
    }

    #[test]
    fn credentials_that_came_later_outlive_tokens_too() {
        let secrets = secrets(&["token-of-before"]);
        for n in 0..100 {
            secrets.keep(&format!("client-secret-{n:04}"));
            secrets.add(&format!("token-{n:04}"));
        }
        // What was taken for a token first.
        secrets.keep("token-0099");
        for n in 100..200 {
            secrets.add(&format!("token-{n:04}"));
        }
        let mut text = "client-secret-0099 client-secret-0080 token-0099 token-0199".to_owned();
        secrets.scrub(&mut text);
        assert_eq!(text, "*** *** *** ***");
    }

    #[test]
    fn many_tokens_do_not_push_the_credentials_out() {
        let secrets = secrets(&[]);
        secrets.keep("client-secret");
        for n in 0..100 {
            secrets.add(&format!("token-{n:04}"));
        }
        let mut text = "client-secret token-0099".to_owned();
        secrets.scrub(&mut text);
        assert_eq!(text, "*** ***");
    }
}
