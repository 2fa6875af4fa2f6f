//! The texts in JSON, without parsing the rest of it.

use alloc::format;
use alloc::string::{String, ToString as _};

/// Hands over each text in JSON, names of members too, and puts it back where it
/// was changed. `None` where none was.
pub(crate) fn each_text(json: &str, change: &mut dyn FnMut(&mut String)) -> Option<String> {
    let mut changed = false;
    let mut clean = String::new();
    let mut rest = json;
    while let Some((before, after)) = rest.split_once('"') {
        clean.push_str(before);
        let (token, next, closed) = match closing(after) {
            Some(end) => (after.get(..end)?, after.get(end + 1..)?, true),
            None => (after, "", false),
        };
        let quoted = format!("\"{token}\"");
        let text: Option<String> = serde_json::from_str(&quoted).ok().filter(|_| closed);
        let original = text.unwrap_or_else(|| token.to_string());
        let mut text = original.clone();
        change(&mut text);
        if text == original {
            clean.push('"');
            clean.push_str(token);
            clean.push_str(if closed { "\"" } else { "" });
        } else {
            changed = true;
            clean.push_str(&serde_json::Value::from(text).to_string());
        }
        rest = next;
    }
    // What stands outside of texts is numbers and words of JSON, or no JSON at all.
    let mut tail = rest.to_string();
    if clean.is_empty() {
        change(&mut tail);
        changed |= tail != rest;
    }
    clean.push_str(&tail);
    changed.then_some(clean)
}

/// Where the text ends whose quote was opened before.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}
