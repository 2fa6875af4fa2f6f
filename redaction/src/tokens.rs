//! Tokens in the answer of a token endpoint, whatever its form.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::{MIN_IN_DATA, MIN_SECRET};

/// Members whose values open something (RFC 6749, OpenID Connect).
const NAMES: [&str; 4] = ["access_token", "refresh_token", "id_token", "accesstoken"];

/// The values of `access_token` and its like in a text: JSON, a form, or what is
/// left of either after a cut.
#[must_use]
pub fn tokens_in(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut tokens = Vec::new();
    for name in NAMES {
        for (at, _) in lower.match_indices(name) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            // What may stand between a name and its value, escaped or not.
            let is_between = |character: char| character.is_whitespace() || "\"'\\:=".contains(character);
            let value = rest.trim_start_matches(is_between);
            let between = rest.get(..rest.len() - value.len()).unwrap_or_default();
            if !between.contains([':', '=']) {
                continue;
            }
            let is_part =
                |character: char| character.is_ascii_alphanumeric() || "-._~+/=%".contains(character);
            let end = value.find(|character| !is_part(character)).unwrap_or(value.len());
            let token = value.get(..end).unwrap_or_default();
            // Without quotes it may be a word: "access_token: expired".
            let shortest = if between.ends_with(['"', '\'']) { MIN_SECRET } else { MIN_IN_DATA };
            if token.len() >= shortest && !tokens.iter().any(|other| other == token) {
                tokens.push(token.to_string());
            }
        }
    }
    tokens
}
