//! Files on their way to HaloPSA and back: names, types, sizes, data URIs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::contract::{Attachment, Content, Object};
use crate::error::{Code, NodeError, Result};
use crate::protocol::http::HttpResponse;

/// The most bytes that the files of one item have. HaloPSA's own limit is not
/// documented (HAPI 9); this one keeps file, base64 and request in memory.
pub const MOST_BYTES: usize = 20_000_000;

/// The most characters of a file name.
const MOST_CHARACTERS: usize = 150;

/// What a file is when nothing else is known.
const BINARY: &str = "application/octet-stream";

/// Types by the end of the name.
const TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("csv", "text/csv"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
    ("webp", "image/webp"),
    ("eml", "message/rfc822"),
    ("msg", "application/vnd.ms-outlook"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

/// Refuses files that are too large together, and links.
pub fn check(files: &[Attachment]) -> Result<()> {
    let mut bytes = 0_usize;
    for file in files {
        match &file.content {
            Content::Bytes(content) => bytes = bytes.saturating_add(content.len()),
            Content::Link(_) => {
                return Err(NodeError::new(Code::InvalidValue, "A file must come as bytes, not as a link.")
                    .advice("Let the workflow platform fetch the link first."));
            }
        }
    }
    if bytes > MOST_BYTES {
        return Err(NodeError::new(
            Code::InvalidValue,
            format!("The files have {bytes} bytes together, and {MOST_BYTES} is the most."),
        )
        .advice("Send fewer or smaller files."));
    }
    Ok(())
}

/// A file as HaloPSA takes it: name and data URI. For people the content is
/// left out.
pub fn element(file: &Attachment, for_people: bool) -> Object {
    let name = clean_name(&file.name);
    let mime_type = mime_type(&file.mime_type, &name);
    let content: &[u8] = match &file.content {
        Content::Bytes(bytes) => bytes,
        Content::Link(_) => &[],
    };
    let mut data = format!("data:{mime_type};base64,");
    if for_people {
        data += &format!("… ({} bytes)", content.len());
    } else {
        data.reserve_exact(content.len().div_ceil(3).saturating_mul(4));
        STANDARD.encode_string(content, &mut data);
    }
    let mut element = Object::new();
    element.insert("filename".to_string(), Value::String(name));
    element.insert("data_base64".to_string(), Value::String(data));
    element
}

/// The name without a path and without what no file system takes.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|letter| if letter.is_control() || "<>:\"|?*".contains(letter) { '_' } else { letter })
        .collect();
    let plain = plain.trim_matches([' ', '.']);
    if plain.is_empty() {
        return "file".to_string();
    }
    let letters = plain.chars().count();
    if letters <= MOST_CHARACTERS {
        return plain.to_string();
    }
    // The end says what it is.
    let end = plain.rsplit_once('.').map(|(_, end)| end).filter(|end| end.len() <= 10);
    let start: String = plain.chars().take(MOST_CHARACTERS - 11).collect();
    end.map_or_else(|| start.clone(), |end| format!("{start}.{end}"))
}

/// The type that is given, if it is one that says something; else the one that
/// the name stands for.
pub fn mime_type<'a>(given: &'a str, name: &str) -> &'a str {
    let given = given.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_type = given.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    if is_type && given != BINARY {
        return given;
    }
    let end = name.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
    TYPES.iter().find(|(known, _)| end.eq_ignore_ascii_case(known)).map_or(BINARY, |(_, mime_type)| mime_type)
}

/// The name that an answer gives its file (RFC 6266): the form with all
/// letters before the plain one.
pub fn name_of(answer: &HttpResponse) -> Option<String> {
    let disposition = answer.header("content-disposition")?;
    let mut plain = None;
    for part in disposition.split(';') {
        let Some((key, value)) = part.trim().split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        if key.eq_ignore_ascii_case("filename*")
            && let Some(encoded) = value.get(..7).filter(|set| set.eq_ignore_ascii_case("utf-8''"))
        {
            let encoded = value.get(encoded.len()..).unwrap_or_default();
            return Some(clean_name(&decoded(encoded)));
        }
        if key.eq_ignore_ascii_case("filename") {
            plain = Some(clean_name(value));
        }
    }
    plain
}

/// Percent-encoded UTF-8.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let code = others.get(..2).and_then(|code| core::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
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
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_name_has_no_path_and_nothing_odd() {
        for (name, clean) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\Rechnung März.pdf", "Rechnung März.pdf"),
            ("a\u{0}b\r\n.txt", "a_b__.txt"),
            ("..", "file"),
            ("", "file"),
            ("what?.txt", "what_.txt"),
        ] {
            assert_eq!(clean_name(name), clean);
        }
        let long = clean_name(&format!("{}.tar.gz", "x".repeat(400)));
        assert!(long.len() <= MOST_CHARACTERS && long.ends_with(".gz"), "{long}");
    }

    #[test]
    fn a_type_is_kept_or_guessed() {
        assert_eq!(mime_type("text/calendar; charset=utf-8", "a.txt"), "text/calendar");
        assert_eq!(mime_type("application/octet-stream", "a.PDF"), "application/pdf");
        for wrong in ["", "text", "text/html,<b>", "a/b/c"] {
            assert_eq!(mime_type(wrong, "a.csv"), "text/csv", "{wrong}");
        }
        assert_eq!(mime_type("", "README"), BINARY);
    }

    #[test]
    fn a_file_becomes_a_data_uri() {
        let file = |content| Attachment { name: "a.txt".into(), mime_type: String::new(), content };
        let element = element(&file(Content::Bytes(b"hi".to_vec())), false);
        assert_eq!(element.get("data_base64"), Some(&Value::from("data:text/plain;base64,aGk=")));
        let shown = super::element(&file(Content::Bytes(vec![0; 5000])), true);
        assert_eq!(shown.get("data_base64"), Some(&Value::from("data:text/plain;base64,… (5000 bytes)")));
        assert!(check(&[file(Content::Link("https://x.example".into()))]).is_err());
        assert!(check(&[file(Content::Bytes(vec![0; MOST_BYTES]))]).is_ok());
        assert!(check(&[file(Content::Bytes(vec![0; MOST_BYTES])), file(Content::Bytes(vec![0]))]).is_err());
    }

    #[test]
    fn the_name_of_an_answer_is_read_in_both_forms() {
        let name = |disposition: &str| {
            let headers = vec![("Content-Disposition".into(), disposition.as_bytes().to_vec())];
            name_of(&HttpResponse { headers, ..HttpResponse::default() })
        };
        let both = "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz%20%25.pdf";
        assert_eq!(name(both).as_deref(), Some("März %.pdf"));
        assert_eq!(name("attachment; filename=a.txt").as_deref(), Some("a.txt"));
        assert_eq!(name("attachment; filename=\"../a.txt\"").as_deref(), Some("a.txt"));
        assert_eq!(name("inline"), None);
        assert_eq!(name("attachment; filename*=UTF-8''%"), Some("%".into()));
    }
}
