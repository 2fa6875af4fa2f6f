//! Files on their way to HaloPSA and back: names, types, sizes, data URIs.

use alloc::format;
use alloc::string::{String, ToString};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use workflow_node_sdk::interface::{Attachment, Content, Object};

use crate::error::{Code, NodeError, Result};

/// The most bytes that the files of one item have. HaloPSA's own limit is not
/// documented (HAPI §9); this one keeps file, base64 and request in memory.
pub const MOST_BYTES: usize = 20_000_000;

/// The most bytes of a file name: what file systems take.
const MAX_NAME_BYTES: usize = 255;

/// The most bytes behind the last dot that still say what a file is.
const MAX_EXTENSION_BYTES: usize = 16;

/// Names that Windows keeps for devices, with any extension.
const DEVICES: &[&str] = &[
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

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
                    .with_advice("Let the workflow platform fetch the link first."));
            }
        }
    }
    if bytes > MOST_BYTES {
        return Err(NodeError::new(
            Code::InvalidValue,
            format!("The files have {bytes} bytes together, and {MOST_BYTES} is the most."),
        )
        .with_advice("Send fewer or smaller files."));
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

/// The name as any file system takes it. Of a path only the last part counts;
/// a slash in a name that is no path, such as `Invoice 03/2024.pdf`, becomes `_`.
pub fn clean_name(name: &str) -> String {
    let own = if is_path(name) { name.rsplit(['/', '\\']).next().unwrap_or_default() } else { name };
    let plain: String = own
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| if "<>:\"|?*/\\".contains(letter) { '_' } else { letter })
        .collect();
    let plain = plain.trim_start().trim_end_matches([' ', '.', '\u{a0}']);
    if plain.trim_matches('.').is_empty() {
        return "file".to_string();
    }
    let stem = plain.split('.').next().unwrap_or_default().trim_end();
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return cut_name(&format!("_{plain}"), MAX_NAME_BYTES);
    }
    cut_name(plain, MAX_NAME_BYTES)
}

/// Whether a name is a path: it begins at a root, at a drive or where it is.
fn is_path(name: &str) -> bool {
    let has_drive = matches!(name.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic());
    has_drive || ["/", "\\", "./", "../", ".\\", "..\\", "~/"].iter().any(|root| name.starts_with(root))
}

/// Characters that do not show, and those that turn the direction of what
/// does: with them `exe.pdf` can be shown for `fdp.exe`.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'
                ..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// At most so many bytes of a name, with its extension.
fn cut_name(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_string();
    }
    let extension = name.rsplit_once('.').map(|(_, end)| end).filter(|end| {
        !end.is_empty() && end.len() <= MAX_EXTENSION_BYTES && !end.contains(char::is_whitespace)
    });
    let room = most.saturating_sub(extension.map_or(0, |extension| extension.len() + 1));
    let end = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let start = name.get(..end).unwrap_or_default().trim_end_matches([' ', '.']);
    match extension {
        Some(extension) => format!("{start}.{extension}"),
        None => start.to_string(),
    }
}

/// Whether a type says no more than that there are bytes.
pub fn is_any_type(given: &str) -> bool {
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(BINARY)
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
    if is_type && !is_any_type(given) {
        return given;
    }
    let end = name.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
    TYPES.iter().find(|(known, _)| end.eq_ignore_ascii_case(known)).map_or(BINARY, |(_, mime_type)| mime_type)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use workflow_node_sdk::interface::Link;

    use super::*;

    #[test]
    fn a_name_has_no_path_and_nothing_odd() {
        for (name, clean) in [
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("C:\\Users\\me\\Rechnung März.pdf", "Rechnung März.pdf"),
            ("C:/Users/me/a.pdf", "a.pdf"),
            ("\\\\server\\share\\a.pdf", "a.pdf"),
            ("Invoice 03/2024.pdf", "Invoice 03_2024.pdf"),
            ("Q1\\Q2.xlsx", "Q1_Q2.xlsx"),
            ("a;b.txt", "a;b.txt"),
            ("a\u{0}b\r\n.txt", "ab.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("\u{2066}a\u{2069}\u{feff}.txt", "a.txt"),
            (".gitignore", ".gitignore"),
            (" .env ", ".env"),
            ("a. .", "a"),
            ("..", "file"),
            (". .", "file"),
            ("", "file"),
            ("\u{202e}", "file"),
            ("what?.txt", "what_.txt"),
            ("NUL", "_NUL"),
            ("con.txt", "_con.txt"),
            ("console.txt", "console.txt"),
            ("👩‍💻.txt", "👩‍💻.txt"),
        ] {
            assert_eq!(clean_name(name), clean, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_by_bytes_and_keeps_its_extension() {
        for (name, end) in [
            (format!("{}.tar.gz", "x".repeat(400)), ".gz"),
            (format!("{}.pdf", "😀".repeat(150)), "😀.pdf"),
            (format!("{}.docx", "ü".repeat(200)), "ü.docx"),
            (format!("a.{}", "b".repeat(400)), "b"),
            ("x".repeat(256), "x"),
        ] {
            let clean = clean_name(&name);
            assert!(clean.len() <= MAX_NAME_BYTES && clean.len() > 240, "{} bytes", clean.len());
            assert!(clean.ends_with(end), "{clean}");
        }
        let fits = format!("{}.pdf", "x".repeat(251));
        assert_eq!(clean_name(&fits), fits);
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
        let link = Link { url: "https://x.example".into(), expires_at: None };
        assert!(check(&[file(Content::Link(link))]).is_err());
        assert!(check(&[file(Content::Bytes(vec![0; MOST_BYTES]))]).is_ok());
        assert!(check(&[file(Content::Bytes(vec![0; MOST_BYTES])), file(Content::Bytes(vec![0]))]).is_err());
    }
}
