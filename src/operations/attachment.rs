//! Files up and down (HAPI §9).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use url::Url;
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Attachment, Content, Item, Link, Object};
use workflow_node_sdk::retry::Safety;

use super::action::{files_of, ticket_id};
use super::{Task, confirm, files, record, written};
use crate::error::{Code, Effect, NodeError, Result};
use crate::input::Input;
use crate::output::View;
use crate::protocol::answer;
use crate::protocol::disposition;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The longest answer that may be a link and not a file.
const LONGEST_LINK: usize = 64 * 1024;

/// Puts the files of an item where they belong, one request for each: the
/// answer to several tells of the last one only (HAPI §4).
pub fn upload(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let attachments = files_of(task, index);
    admit(attachments, input)?;
    if input.values.get("showforusers") == Some(&Value::Bool(true)) {
        confirm(task.client.context(), "Customers would see these files, and nobody confirmed it.")
            .map_err(|error| error.with_field("showforusers"))?;
    }
    let mut results = Vec::with_capacity(attachments.len());
    for file in attachments {
        let request = upload_request(task, file, input, false);
        let stored = task.client.send(&request).and_then(|answer| record::record(&answer, Safety::Create));
        drop(request);
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => return Err(partly(error, results.len(), attachments)),
        };
        task.note_renames(index, core::slice::from_ref(file));
        let mut sent = input.values.clone();
        sent.insert("filename".to_string(), files::clean_name(&file.name).into());
        written::review(task, &Value::Object(sent), &stored, index);
        let json = task.present(stored, View::single(input.simplify), index);
        results.push(Item::new(json));
    }
    Ok(results)
}

/// What an upload would send.
pub fn plan_upload(task: &Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<ApiRequest>> {
    let attachments = files_of(task, index);
    admit(attachments, input)?;
    Ok(attachments.iter().map(|file| upload_request(task, file, input, true)).collect())
}

fn admit(attachments: &[Attachment], input: &Input) -> Result<()> {
    ticket_id(input)?;
    if attachments.is_empty() {
        return Err(NodeError::new(Code::MissingField, "There is no file beside the item.")
            .with_advice("Pass at least one file along."));
    }
    files::check(attachments)
}

fn upload_request(task: &Task<'_, '_>, file: &Attachment, input: &Input, for_people: bool) -> ApiRequest {
    let mut element = files::element(file, for_people);
    element.insert("showforusers".to_string(), Value::Bool(false));
    for (name, value) in &input.values {
        element.insert(name.clone(), value.clone());
    }
    let request = ApiRequest::post_one(task.resource.path, Value::Object(element), Safety::Create);
    request.needing(task.resource.scope(task.verb))
}

/// A failure in the middle says what was stored before it.
fn partly(error: NodeError, stored: usize, files: &[Attachment]) -> NodeError {
    if stored == 0 {
        return error;
    }
    let names: Vec<String> = files.iter().take(stored).map(|file| files::clean_name(&file.name)).collect();
    let done = format!("{stored} of {} files are stored: {}.", files.len(), names.join(", "));
    let message = format!("{} {done}", error.message());
    let error = error
        .with_message(message)
        .with_advice("Pass along only the files that are not stored when you run this again.");
    match error.effect() {
        Effect::None => error.with_effect(Effect::Applied).with_retry(crate::error::Retry::Never),
        _ => error,
    }
}

/// The request for a file.
pub fn download_request(task: &Task<'_, '_>, input: &Input) -> ApiRequest {
    let path = format!("{}/{}", task.resource.path, input.id.unwrap_or_default());
    ApiRequest::get(path).needing(task.resource.scope(task.verb))
}

/// Gets a file: bytes, or the link that HaloPSA gives instead.
pub fn download(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let request = download_request(task, input);
    let answer = task.client.send(&request)?;
    let disposition = answer.header_bytes("content-disposition");
    let named = disposition.and_then(disposition::file_name);
    let link = link(&answer)?;
    // Without a name the file's record has it, and tells a file of markup from
    // the page of a proxy.
    let about = if named.is_none() { about(task, &request) } else { Object::new() };
    let text = |name: &str| about.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if link.is_none() && named.is_none() && answer.is_html_document() && !is_html_file(&about) {
        return Err(answer::html_page());
    }
    let given = named.or_else(|| text("filename").map(ToString::to_string));
    let name = match &given {
        Some(given) => files::clean_name(given),
        None => format!("attachment-{}", input.id.unwrap_or_default()),
    };
    let said = answer.header("content-type").filter(|_| link.is_none());
    let kind =
        said.filter(|kind| !files::is_any_type(kind)).or_else(|| text("content_type")).unwrap_or_default();
    let mime_type = files::mime_type(kind, &name).to_string();
    if let Some(given) = given.filter(|given| *given != name) {
        task.note_rename(index, &given, &name);
    }
    let content = match link {
        Some(url) => Content::Link(Link { url, expires_at: None }),
        None => Content::Bytes(answer.body),
    };
    let size = match &content {
        Content::Bytes(bytes) => Value::from(bytes.len()),
        Content::Link(_) => Value::Null,
    };
    let json = json!({"id": input.id, "filename": name, "mime_type": mime_type, "filesize": size});
    let attachments = vec![Attachment { name, mime_type, content }];
    Ok(vec![Item { attachments, ..Item::new(json) }])
}

/// The link in an answer that is one. A file has a name, and JSON in it is
/// nobody's business.
fn link(answer: &HttpResponse) -> Result<Option<String>> {
    let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
    if !is_json || answer.header("content-disposition").is_some() || answer.body.len() > LONGEST_LINK {
        return Ok(None);
    }
    let Ok(Value::Object(body)) = envelope::parse(&answer.body) else { return Ok(None) };
    let Some(Value::String(link)) = body.get("link") else { return Ok(None) };
    match Url::parse(link) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(Some(url.into())),
        _ => Err(answer::malformed(answer, "the link to the file is no web address", Safety::Read)),
    }
}

/// Whether the record of a file says that it is a web page.
fn is_html_file(about: &Object) -> bool {
    let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
    files::mime_type(text("content_type"), text("filename")) == "text/html"
}

/// What HaloPSA knows of a file beside its bytes; nothing where it does not say.
fn about(task: &mut Task<'_, '_>, request: &ApiRequest) -> Object {
    let request = request.clone().with("includedetails", true);
    task.client.fetch(&request).ok().and_then(|about| envelope::record(about).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: &str, disposition: Option<&str>, body: &str) -> HttpResponse {
        let mut headers = vec![("Content-Type".to_string(), kind.as_bytes().to_vec())];
        if let Some(disposition) = disposition {
            headers.push(("Content-Disposition".to_string(), disposition.as_bytes().to_vec()));
        }
        HttpResponse { status: 200, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_link_is_told_from_a_file() {
        let body = r#"{"link":"https://cdn.example/a?sig=1"}"#;
        let found = |kind, disposition| link(&answer(kind, disposition, body)).unwrap();
        assert_eq!(
            found("application/json; charset=utf-8", None).as_deref(),
            Some("https://cdn.example/a?sig=1")
        );
        assert_eq!(found("application/octet-stream", None), None);
        assert_eq!(found("application/json", Some("attachment; filename=a.json")), None);
        for no_link in ["[1]", r#"{"link":7}"#, r#"{"a":1}"#, "no json"] {
            assert_eq!(link(&answer("application/json", None, no_link)).unwrap(), None, "{no_link}");
        }
        assert!(link(&answer("application/json", None, r#"{"link":"javascript:alert(1)"}"#)).is_err());
    }

    #[test]
    fn a_failure_in_the_middle_names_what_is_stored() {
        let file = |name: &str| Attachment {
            name: name.to_string(),
            mime_type: String::new(),
            content: Content::Bytes(vec![]),
        };
        let files = [file("/x/a.txt"), file("b.txt"), file("c.txt")];
        let error = partly(NodeError::new(Code::RateLimited, "No."), 2, &files);
        assert_eq!(error.message(), "No. 2 of 3 files are stored: a.txt, b.txt.");
        assert_eq!(error.effect(), Effect::Applied);
        let unknown = partly(NodeError::new(Code::AnswerLost, "No.").with_effect(Effect::Unknown), 1, &files);
        assert_eq!(unknown.effect(), Effect::Unknown);
        assert_eq!(partly(NodeError::new(Code::RateLimited, "No."), 0, &files).effect(), Effect::None);
    }
}
