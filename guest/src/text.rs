//! Text for people: nearest names, and cleaning of what comes from outside.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// The most characters of foreign text that a message carries.
pub const MOST_CHARACTERS: usize = 500;

/// The longest name that is compared with others: the time that takes grows
/// with the product of both lengths.
const MAX_COMPARED: usize = 120;

/// The most characters of an input that a message quotes.
const MAX_QUOTED: usize = 80;

/// The name that was probably meant, if one is near enough.
pub fn nearest<'a>(wanted: &str, names: &[&'a str]) -> Option<&'a str> {
    if wanted.len() > MAX_COMPARED {
        return None;
    }
    let wanted = wanted.to_ascii_lowercase();
    let most = (wanted.chars().count() / 3).clamp(1, 4);
    names
        .iter()
        .filter(|name| name.len() <= MAX_COMPARED)
        .map(|name| (distance(&wanted, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, name)| {
            *distance <= most || (wanted.len() > 3 && name.to_ascii_lowercase().contains(&wanted))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein distance, a swap of neighbours counting as one step.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let substituted = last.get(j).copied().unwrap_or(0) + usize::from(a != b);
            let deleted = last.get(j + 1).copied().unwrap_or(0) + 1;
            let inserted = row.last().copied().unwrap_or(0) + 1;
            let mut best = substituted.min(deleted).min(inserted);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(before.get(j - 1).copied().unwrap_or(0) + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// Makes foreign text fit for a message: no markup, no control characters, no
/// stack trace, no more than [`MOST_CHARACTERS`].
pub fn clean(foreign: &str) -> String {
    let foreign = without_trace(foreign);
    let mut plain = String::new();
    let mut depth = 0_u32;
    for (position, character) in foreign.char_indices() {
        match character {
            // Only what looks like a tag: "a < b" is text.
            '<' if opens_a_tag(foreign, position) => depth += 1,
            '>' if depth > 0 => {
                depth -= 1;
                plain.push(' ');
            }
            _ if depth > 0 => {}
            character if character.is_control() => plain.push(' '),
            // Marks that turn a text around; joiners inside words and emoji stay.
            '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {}
            character => plain.push(character),
        }
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&plain, MOST_CHARACTERS)
}

/// What an exception of .NET says, without its class and its stack.
fn without_trace(text: &str) -> &str {
    let frame = text.match_indices("at ").find(|(at, _)| {
        let before = text.get(..*at).unwrap_or_default();
        let after = text.get(at + 3..).unwrap_or_default();
        let starts_a_line =
            before.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']) || before.ends_with("   ");
        // In JSON that was not read, lines end so.
        let starts_a_line =
            starts_a_line || before.trim_end_matches(' ').ends_with("\\n") || before.is_empty();
        starts_a_line && after.split_once('(').is_some_and(|(method, _)| is_dotted(method))
    });
    let said = frame.and_then(|(at, _)| text.get(..at)).unwrap_or(text);
    match said.trim_start().split_once(": ") {
        Some((class, message)) if is_dotted(class) && class.ends_with("Exception") => message,
        _ => said,
    }
}

/// Whether a text is a name of .NET such as `Acme.Api.Tickets`.
fn is_dotted(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._+`<>[],".contains(&byte);
    name.contains('.') && name.bytes().all(is_part)
}

fn opens_a_tag(text: &str, position: usize) -> bool {
    text.get(position + 1..)
        .and_then(|rest| rest.chars().next())
        .is_some_and(|next| next.is_ascii_alphabetic() || next == '/' || next == '!')
}

/// An input as a message quotes it: cleaned, and not longer than a line.
pub fn quoted(input: &str) -> String {
    // Far more than is shown, and not all of a text of megabytes.
    let end = input.char_indices().nth(4 * MAX_QUOTED).map_or(input.len(), |(end, _)| end);
    let start = input.get(..end).unwrap_or_default();
    cut(&clean(start), MAX_QUOTED)
}

/// Whether a character shows nothing and can be pasted by accident: zero-width
/// characters, marks of direction, byte order marks, soft hyphens.
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Without what nobody sees at both ends: white space, control characters and
/// invisible ones.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|end: char| end.is_whitespace() || end.is_control() || is_invisible(end))
}

/// A value that is one word, such as an id or an address: [`trimmed`], and
/// without invisible characters inside.
pub fn visible(text: &str) -> String {
    trimmed(text).chars().filter(|inner| !is_invisible(*inner) && !inner.is_control()).collect()
}

/// Cuts after so many characters, visibly.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => {
            let mut short = text.get(..end).unwrap_or_default().trim_end().to_string();
            short.push('…');
            short
        }
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["client_id", "client_ids", "status_id", "open_only"];
        assert_eq!(nearest("clientid", &names), Some("client_id"));
        assert_eq!(nearest("statsu_id", &names), Some("status_id"));
        assert_eq!(nearest("openonly", &names), Some("open_only"));
        assert_eq!(nearest("colour", &names), None);
    }

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("ticket.craete", "ticket.create"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_name_of_a_megabyte_is_compared_with_nothing() {
        let long = "x".repeat(1_000_000);
        assert_eq!(nearest(&long, &["x", "client_id"]), None);
        assert_eq!(nearest("client_ids", &[&long, "client_id"]), Some("client_id"));
        assert_eq!(quoted(&long).chars().count(), MAX_QUOTED + 1);
    }

    #[test]
    fn a_quoted_input_holds_no_markup_and_nothing_invisible() {
        assert_eq!(quoted("<b>x</b>\u{0}\u{1b}[31m\ny"), "x [31m y");
        assert_eq!(quoted("in\u{202e}voice\u{200b}"), "invoice");
    }

    #[test]
    fn invisible_characters_are_trimmed() {
        for around in ['\u{200b}', '\u{feff}', '\u{a0}', '\u{202a}', '\u{2066}', '\u{200e}', '\t', '\u{0}'] {
            assert_eq!(trimmed(&alloc::format!("{around} a b{around}")), "a b", "{around:?}");
        }
        assert_eq!(visible(" 1111\u{200b}-22\u{ad}22\u{feff}"), "1111-2222");
        assert_eq!(trimmed("\u{200b}\u{feff} "), "");
    }

    #[test]
    fn markup_and_stack_traces_are_dropped() {
        assert_eq!(clean("<html><b>Bad</b> thing</html>"), "Bad thing");
        assert_eq!(clean("No outcome.\r\n   at Acme.Api.Post(Int32 id)"), "No outcome.");
        assert_eq!(
            clean("System.NullReferenceException: No outcome.\n\tat Acme.Api.Post(Int32 id)\n"),
            "No outcome."
        );
        assert_eq!(clean("No outcome.\\r\\n   at Acme.Api+<Post>d__1.MoveNext()"), "No outcome.\\r\\n");
        assert_eq!(clean("at Acme.Api.Post(Int32 id)"), "");
        assert_eq!(
            clean("Meet me at example.org (today) or at noon."),
            "Meet me at example.org (today) or at noon."
        );
        assert_eq!(clean("1 < 2 and 3 > 2"), "1 < 2 and 3 > 2");
        assert_eq!(clean("<unclosed"), "");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let cut = clean(&"ü".repeat(2_000));
        assert_eq!(cut.chars().count(), MOST_CHARACTERS + 1);
        assert!(cut.ends_with('…'));
    }
}
