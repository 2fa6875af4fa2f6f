//! Files beside the items: into a call from an items file, out of a result
//! onto the disk. Their bytes never stand in what is printed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use workflow_node_host::wit::types::{Attachment, AttachmentContent, Item};

use crate::input::Object;

/// The member of an input that holds the files beside it.
const MEMBER: &str = "attachments";

/// The most bytes of a file name on the usual file systems.
const MAX_NAME_BYTES: usize = 255;

/// The most bytes behind the last dot that still say what a file is.
const MAX_EXTENSION_BYTES: usize = 16;

/// A file that came with a result.
#[derive(Clone, Debug)]
pub struct OutFile {
    /// Position of the outcome.
    pub outcome: usize,
    /// Position of the result in it.
    pub item: usize,
    /// The file.
    pub attachment: Attachment,
}

/// Takes the files out of an input: `name`, `mime_type`, and the bytes as
/// `data_base64` or as a `file` to read. A file that is read gives its name.
pub fn take(input: &mut Object) -> Result<Vec<Attachment>> {
    let files = match input.remove(MEMBER) {
        None => return Ok(Vec::new()),
        Some(Value::Array(files)) => files,
        Some(_) => bail!("{MEMBER} must be a list"),
    };
    files.iter().enumerate().map(|(at, file)| read(file).with_context(|| format!("{MEMBER}/{at}"))).collect()
}

fn read(file: &Value) -> Result<Attachment> {
    const KNOWN: [&str; 4] = ["name", "mime_type", "data_base64", "file"];
    let members = file.as_object().context("a file is an object")?;
    let mut texts: [Option<&str>; 4] = [None; 4];
    for (key, value) in members {
        let Some(slot) = KNOWN.iter().zip(&mut texts).find_map(|(name, slot)| (name == key).then_some(slot))
        else {
            bail!("a file has no {key}; it has {}", KNOWN.join(", "));
        };
        *slot = Some(value.as_str().with_context(|| format!("{key} must be text"))?);
    }
    let [name, mime_type, data, path] = texts;
    let (bytes, own_name) = match (data, path.map(Path::new)) {
        (Some(data), None) => (STANDARD.decode(data).context("data_base64 is not base64")?, None),
        (None, Some(path)) => {
            let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            (bytes, path.file_name().and_then(|name| name.to_str()))
        }
        _ => bail!("a file has either data_base64 or file"),
    };
    let name = name.or(own_name).context("a file needs a name")?;
    Ok(Attachment {
        name: name.to_owned(),
        mime_type: mime_type.unwrap_or("application/octet-stream").to_owned(),
        content: AttachmentContent::Bytes(bytes),
    })
}

/// Takes the files out of the results of an outcome.
pub fn detach(outcome: usize, items: &mut [Item], files: &mut Vec<OutFile>) {
    for (at, item) in items.iter_mut().enumerate() {
        let taken = item.attachments.drain(..);
        files.extend(taken.map(|attachment| OutFile { outcome, item: at, attachment }));
    }
}

impl OutFile {
    /// Whether both came with the same result.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.outcome, self.item) == (other.outcome, other.item)
    }

    /// Its bytes, unless it is a link.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.attachment.content {
            AttachmentContent::Bytes(bytes) => Some(bytes),
            AttachmentContent::Link(_) => None,
        }
    }

    /// What there is to say about it: `name`, `mime_type`, and `size` or `link`.
    #[must_use]
    pub fn json(&self) -> Value {
        let Attachment { name, mime_type, content } = &self.attachment;
        match content {
            AttachmentContent::Bytes(bytes) => {
                json!({ "name": name, "mime_type": mime_type, "size": bytes.len() })
            }
            AttachmentContent::Link(link) => {
                json!({ "name": name, "mime_type": mime_type, "link": link.url })
            }
        }
    }

    /// Writes it into a folder, under a name that is still free there.
    pub fn save(&self, folder: &Path) -> Result<PathBuf> {
        let bytes = self.bytes().context("the link was not followed")?;
        let name = &self.attachment.name;
        // The node cleans names; a folder is not left to another node's word.
        ensure!(
            Path::new(name).file_name().is_some_and(|last| last == name.as_str()) && !name.contains('\\'),
            "{name:?} is no plain file name"
        );
        let name = visible(name);
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        for number in 0..1000 {
            let prefix = if number == 0 { String::new() } else { format!("{number}-") };
            let path = folder.join(format!("{prefix}{}", shortened(&name, MAX_NAME_BYTES - prefix.len())));
            match fs::File::create_new(&path) {
                Ok(mut file) => {
                    return std::io::Write::write_all(&mut file, bytes)
                        .map(|()| path.clone())
                        .with_context(|| format!("{} cannot be written", path.display()));
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("{} cannot be written", path.display()));
                }
            }
        }
        bail!("{} has too many files named {name}", folder.display())
    }
}

/// A name without characters that do not show or that turn the direction of
/// others: with them `exe.pdf` can be shown for `fdp.exe`.
fn visible(name: &str) -> String {
    let shows = |letter: &char| {
        !letter.is_control()
            && !matches!(letter, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
            && !matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    let visible: String = name.chars().filter(shows).collect();
    if matches!(visible.trim(), "" | "." | "..") { "file".to_owned() } else { visible }
}

/// At most so many bytes of a name, with its extension.
fn shortened(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, end)| end);
    let extension = extension.filter(|end| !end.is_empty() && end.len() <= MAX_EXTENSION_BYTES);
    let room = most.saturating_sub(extension.map_or(0, |extension| extension.len() + 1));
    let start = name.get(..name.floor_char_boundary(room)).unwrap_or_default();
    extension.map_or_else(|| start.to_owned(), |extension| format!("{start}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(input: Value) -> Result<Vec<Attachment>> {
        match input {
            Value::Object(mut input) => take(&mut input),
            _ => Ok(Vec::new()),
        }
    }

    #[test]
    fn files_come_from_text_or_from_the_disk() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("host-test-files-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("note.txt"), "hello")?;
        let files = taken(json!({"attachments": [
            {"name": "a.txt", "mime_type": "text/plain", "data_base64": "aGk="},
            {"file": folder.join("note.txt")},
        ]}))?;
        let shown: Vec<(&str, &str, usize)> = files
            .iter()
            .map(|file| match &file.content {
                AttachmentContent::Bytes(bytes) => (file.name.as_str(), file.mime_type.as_str(), bytes.len()),
                AttachmentContent::Link(_) => ("", "", 0),
            })
            .collect();
        assert_eq!(shown, [("a.txt", "text/plain", 2), ("note.txt", "application/octet-stream", 5)]);
        let saved = |name: &str| {
            let attachment = Attachment { name: name.to_owned(), ..files[0].clone() };
            OutFile { outcome: 0, item: 0, attachment }.save(&folder)
        };
        assert_eq!(saved("note.txt")?, folder.join("1-note.txt"), "nothing is overwritten");
        assert_eq!(fs::read(folder.join("1-note.txt"))?, b"hi");
        let long = format!("{}.pdf", "😀".repeat(150));
        for number in ["", "1-"] {
            let name = saved(&long)?.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            let name = name.context("no name")?;
            assert!(name.starts_with(&format!("{number}😀")) && name.ends_with("😀.pdf"), "{name}");
            assert!((240..=255).contains(&name.len()), "{} bytes", name.len());
        }
        assert_eq!(saved("invoice\u{202e}fdp.exe")?, folder.join("invoicefdp.exe"));
        for outside in ["../note.txt", "/etc/note.txt", "..", "", "a\\b"] {
            assert!(saved(outside).is_err(), "{outside}");
        }
        fs::remove_dir_all(&folder)?;
        Ok(())
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused_with_its_place() {
        for (file, reason) in [
            (json!(7), "an object"),
            (json!({"name": "a"}), "either data_base64 or file"),
            (json!({"name": "a", "data_base64": "?"}), "not base64"),
            (json!({"name": "a", "data_base64": 7}), "data_base64 must be text"),
            (json!({"data_base64": "aGk="}), "needs a name"),
            (json!({"filename": "a", "data_base64": "aGk="}), "no filename"),
            (json!({"file": "/no/such/file"}), "cannot be read"),
        ] {
            let error = format!("{:#}", taken(json!({ "attachments": [file] })).unwrap_err());
            assert!(error.contains("attachments/0") && error.contains(reason), "{error}");
        }
    }
}
