//! One file out of a `multipart/form-data` body.

/// A file in a form.
pub(crate) struct Part<'b> {
    /// Its name, where it has one.
    pub(crate) filename: String,
    /// Its type, where it has one.
    pub(crate) content_type: String,
    /// Its bytes.
    pub(crate) bytes: &'b [u8],
}

/// The part with this name.
pub(crate) fn part<'b>(content_type: &str, body: &'b [u8], name: &str) -> Option<Part<'b>> {
    let boundary = parameter(content_type, "boundary")?;
    let delimiter = format!("--{boundary}").into_bytes();
    let mut rest = body.get(find(body, &delimiter)? + delimiter.len()..)?;
    let ahead = [b"\r\n".as_slice(), &delimiter].concat();
    while let Some(end) = find(rest, &ahead) {
        let part = rest.get(..end)?;
        rest = rest.get(end + ahead.len()..)?;
        let Some(split) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(part.get(..split)?).into_owned();
        let disposition = header(&head, "content-disposition");
        if parameter(disposition, "name") == Some(name) {
            return Some(Part {
                filename: parameter(disposition, "filename").unwrap_or_default().to_owned(),
                content_type: header(&head, "content-type").to_owned(),
                bytes: part.get(split + 4..)?,
            });
        }
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
    values.next().map_or("", |(_, value)| value.trim())
}

/// `name=value` or `name="value"` behind a semicolon.
fn parameter<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = header.split(';').skip(1).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name() {
        let body = b"--b1\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b1\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x00\r\n\xff\r\n--b1--\r\n";
        let file = part("multipart/form-data; boundary=\"b1\"", body, "file");
        let file = file.map(|file| (file.filename, file.content_type, file.bytes.to_vec()));
        assert_eq!(file, Some(("a b.png".to_owned(), "image/png".to_owned(), b"\x00\r\n\xff".to_vec())));
        assert!(part("multipart/form-data; boundary=b1", body, "other").is_none());
        assert!(part("application/json", body, "file").is_none());
        assert!(part("multipart/form-data; boundary=b1", b"--b1", "file").is_none());
    }
}
