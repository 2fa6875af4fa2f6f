//! Files on tickets and actions (HAPI §9).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{Desk, Written, generic};
use crate::{
    protocol::{Refusal, multipart},
    resources::{
        self, Resource,
        below::{Below, Input},
        patch::Element,
        render,
    },
    state::{Key, Row, TableId},
};

/// A file that came as a data URI.
pub(crate) struct File {
    /// Its MIME type.
    pub(crate) content_type: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Stores a file, or changes what is said about one.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    if element.key.is_some() {
        return generic::write(desk, resource, element);
    }
    let ticket = element.patch.int("ticket_id");
    if ticket != 0 && desk.world.row(TableId::Tickets, ticket).is_none() {
        return Err(Refusal::NotFound);
    }
    let file = read(element.patch.text("data_base64"))?;
    let key = generic::create(desk, resource, element)?;
    let agent = desk.caller.agent_id;
    if let Some(row) = desk.world.table_mut(TableId::Attachments).get_mut(&key) {
        row.set("filesize", file.bytes.len());
        row.set("isimage", file.content_type.starts_with("image/"));
        row.set("content_type", file.content_type);
        row.set("agent_id", agent);
    }
    count(desk, ticket, element.patch.int("action_id"), 1);
    Ok(Written::plain(key))
}

/// `POST /Attachment/image`: a form with a `file`, the ids in the query. What
/// it answers is assumed.
pub(crate) fn upload(
    desk: &mut Desk<'_>,
    below: &'static Below,
    input: &Input<'_>,
) -> Result<Value, Refusal> {
    let file = multipart::part(input.content_type, input.body, "file");
    let file = file.ok_or_else(|| Refusal::rule("File is mandatory"))?;
    let mime = match file.content_type.as_str() {
        "" => "application/octet-stream",
        mime => mime,
    };
    let mut raw = Map::new();
    raw.insert("filename".to_owned(), file.filename.into());
    raw.insert(
        "data_base64".to_owned(),
        format!("data:{mime};base64,{}", STANDARD.encode(file.bytes)).into(),
    );
    for name in below.parameters {
        if let Some(value) = input.query.get(name) {
            raw.insert((*name).to_owned(), value.into());
        }
    }
    let element = Element::read(below.resource, 0, raw)?;
    let key = write(desk, below.resource, &element)?.key;
    let row = desk.world.table(below.resource.table).get(&key).ok_or(Refusal::NotFound)?;
    Ok(render::written(desk.world, below.resource, row).into())
}

/// Stores the `attachments` of a new ticket or action.
pub(crate) fn inline(
    desk: &mut Desk<'_>,
    raw: Option<&Value>,
    ticket: i64,
    action: i64,
) -> Result<(), Refusal> {
    let Some(resource) = resources::find("Attachment") else {
        return Ok(());
    };
    for (index, file) in raw.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some(file) = file.as_object() else {
            continue;
        };
        let mut element = Element::read(resource, index, file.clone())?;
        element.patch.set("ticket_id", ticket);
        element.patch.set("action_id", action);
        write(desk, resource, &element)?;
    }
    Ok(())
}

/// Refuses inline files that cannot be read, before anything is stored.
pub(crate) fn check(raw: Option<&Value>) -> Result<(), Refusal> {
    for file in raw.and_then(Value::as_array).into_iter().flatten() {
        read(file.get("data_base64").and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(())
}

/// Deletes a file.
pub(crate) fn delete(desk: &mut Desk<'_>, resource: &'static Resource, key: &Key) -> Result<Row, Refusal> {
    let gone = generic::delete(desk, resource, key)?;
    count(desk, gone.int("ticket_id"), gone.int("action_id"), -1);
    Ok(gone)
}

/// Reads a data URI: `data:<mime>;base64,…` (HAPI §9). Plain base64 is taken
/// too [assumed].
pub(crate) fn read(text: &str) -> Result<File, Refusal> {
    let (head, data) = match text.split_once(',') {
        Some((head, data)) => (head, data),
        None => ("", text),
    };
    let content_type = head
        .strip_prefix("data:")
        .and_then(|head| head.split(';').next())
        .filter(|mime| !mime.is_empty())
        .unwrap_or("application/octet-stream");
    let bytes =
        STANDARD.decode(data.trim()).map_err(|_| Refusal::rule("The input is not a valid Base-64 string"))?;
    Ok(File { content_type: content_type.to_owned(), bytes })
}

fn count(desk: &mut Desk<'_>, ticket: i64, action: i64, by: i64) {
    let add = |row: &mut Row| {
        row.set("attachment_count", (row.int("attachment_count") + by).max(0));
    };
    if let Some(row) = desk.world.table_mut(TableId::Tickets).get_mut(&Key::Int(ticket)) {
        add(row);
    }
    let key = Key::Pair(ticket, action);
    if let Some(row) = desk.world.table_mut(TableId::Actions).get_mut(&key) {
        add(row);
    }
}
