//! The file name in a `Content-Disposition` header: RFC 6266 with the encodings
//! of RFC 8187 and, because mail gateways write them, of RFC 2047.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Padding is often left out of encoded words.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name as the server means it: `filename*` before `filename`. Not cleaned.
pub fn file_name(header: &[u8]) -> Option<String> {
    let header = text(header);
    let mut plain = None;
    let mut extended = None;
    for (name, value) in parameters(&header) {
        if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| extended_value(&value));
        } else if name.eq_ignore_ascii_case("filename") {
            plain = plain.or_else(|| Some(encoded_words(&value)));
        }
    }
    extended.filter(|name| !name.trim().is_empty()).or(plain).filter(|name| !name.trim().is_empty())
}

/// Header bytes as text: UTF-8 where they are, else Latin-1.
fn text(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) => String::from(text),
        Err(_) => latin1(bytes),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Names and values of the parameters. A semicolon inside quotes separates
/// nothing, and a backslash escapes a quote or a backslash only: names with
/// Windows paths are sent as they are.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = match header.split_once(';') {
        Some((kind, rest)) if !kind.contains('=') => rest,
        // Some servers leave the disposition itself out.
        _ => header,
    };
    while let Some((name, after)) = rest.split_once('=') {
        // A parameter without a value stands before this one.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted),
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (String::from(value.trim()), next)
            }
        };
        parameters.push((String::from(name), value));
        rest = next;
    }
    parameters
}

/// A value up to its closing quote, and what follows the semicolon behind it.
fn quoted_value(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                let rest = quoted.get(at + 1..).unwrap_or_default();
                return (value, rest.split_once(';').map_or("", |(_, rest)| rest));
            }
            '\\' => match letters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push(letter),
            },
            letter => value.push(letter),
        }
    }
    (value, "")
}

/// `UTF-8'en'M%C3%A4rz.pdf` (RFC 8187). `None` where the character set is not
/// known: then the plain form is the better one.
fn extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    decode(charset, &percent_decoded(encoded))
}

fn decode(charset: &str, bytes: &[u8]) -> Option<String> {
    if ["utf-8", "us-ascii", "ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known)) {
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    let latin = ["iso-8859-1", "iso-8859-15", "windows-1252", "latin1"];
    latin.iter().any(|known| charset.eq_ignore_ascii_case(known)).then(|| latin1(bytes))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    escaped(text, b'%')
}

/// Bytes, some of which are written as a mark and two hexadecimal digits.
fn escaped(text: &str, mark: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let code = others.get(..2).filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|code| core::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == mark) {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    bytes
}

/// `=?utf-8?B?TcOkcno=?=` (RFC 2047), wherever it stands. Blanks between two
/// encoded words belong to neither.
fn encoded_words(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some((before, word)) = rest.split_once("=?") {
        let Some((decoded, next)) = encoded_word(word) else {
            plain.push_str(before);
            plain.push_str("=?");
            rest = word;
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            plain.push_str(before);
        }
        plain.push_str(&decoded);
        rest = next;
        after_word = true;
    }
    plain.push_str(rest);
    plain
}

/// An encoded word behind its `=?`, and what follows it.
fn encoded_word(word: &str) -> Option<(String, &str)> {
    let mut parts = word.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (encoded, next) = rest.split_once("?=")?;
    let charset = charset.split('*').next().unwrap_or_default();
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(encoded).ok()?,
        "Q" | "q" => escaped(&encoded.replace('_', " "), b'='),
        _ => return None,
    };
    Some((decode(charset, &bytes)?, next))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_a_name_is_read() {
        for (header, expected) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            ("attachment;filename = a.txt ;size=3", Some("a.txt")),
            ("attachment; filename=\"Report; final.pdf\"", Some("Report; final.pdf")),
            ("attachment; filename=\"a;b.txt\"; size=3", Some("a;b.txt")),
            ("attachment; filename=\"a \\\"b\\\" c.txt\"", Some("a \"b\" c.txt")),
            ("attachment; filename=\"C:\\dir\\file.txt\"", Some("C:\\dir\\file.txt")),
            ("attachment; filename=\"a=b.txt\"", Some("a=b.txt")),
            ("attachment; FILENAME=\"a.txt\"", Some("a.txt")),
            ("filename=\"a.txt\"", Some("a.txt")),
            ("attachment; inline; filename=\"a.txt\"", Some("a.txt")),
            ("attachment; filename=\"not closed.txt", Some("not closed.txt")),
            ("attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz%20%25.pdf", Some("März %.pdf")),
            ("attachment; filename*=utf-8'en'%e2%82%ac.txt; filename=\"euro.txt\"", Some("€.txt")),
            ("attachment; filename*=ISO-8859-1''M%E4rz.pdf", Some("März.pdf")),
            ("attachment; filename*=koi8-r''%CD.txt; filename=\"m.txt\"", Some("m.txt")),
            ("attachment; filename*=UTF-8''", None),
            ("attachment; filename*=UTF-8''; filename=a.txt", Some("a.txt")),
            ("attachment; filename*=UTF-8''%", Some("%")),
            ("attachment; filename=\"=?UTF-8?B?TcOkcno=?=.pdf\"", Some("März.pdf")),
            ("attachment; filename=\"=?utf-8?q?M=C3=A4rz_2024.pdf?=\"", Some("März 2024.pdf")),
            ("attachment; filename=\"=?iso-8859-1?Q?M=E4rz?= =?iso-8859-1?Q?_x.pdf?=\"", Some("März x.pdf")),
            ("attachment; filename=\"=?what?X?y?=.pdf\"", Some("=?what?X?y?=.pdf")),
            ("attachment; filename=\"=?odd.pdf\"", Some("=?odd.pdf")),
            ("attachment; filename=\"\"", None),
            ("inline", None),
            ("", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_latin_1() {
        assert_eq!(file_name(b"attachment; filename=\"M\xE4rz.pdf\"").as_deref(), Some("März.pdf"));
        assert_eq!(file_name("attachment; filename=\"März.pdf\"".as_bytes()).as_deref(), Some("März.pdf"));
    }

    proptest! {
        /// What a careful server writes is read back as it was.
        #[test]
        fn a_quoted_name_comes_back(name in "[^\\\\\u{0}-\u{1f}\u{7f}]{1,40}") {
            prop_assume!(!name.trim().is_empty() && !name.contains("=?"));
            let quoted = name.replace('"', "\\\"");
            let header = alloc::format!("attachment; filename=\"{quoted}\"; size=7");
            prop_assert_eq!(file_name(header.as_bytes()), Some(name));
        }

        #[test]
        fn any_bytes_are_survived(header: Vec<u8>) {
            let _ = file_name(&header);
        }
    }
}
