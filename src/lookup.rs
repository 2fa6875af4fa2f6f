//! Values for dropdowns (`lookup.options`): what may be asked, and the answer.
//!
//! The lists are data (`catalogue::lists`); [`rows`] reads them, [`forms`]
//! reads the fields of ticket types, [`values`] lookup tables. Nothing is kept between calls: hosts do
//! that. What cannot be loaded is an error and never an empty list.

pub mod forms;
pub mod rows;
pub mod values;

use alloc::format;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::{CallContext, Connection, Entries, Object, Question};
use workflow_node_sdk::text;
use workflow_node_sdk::transport::Transport;

use crate::catalogue::field::{Field, Kind};
use crate::catalogue::lists::{LISTS, List, find_list};
use crate::catalogue::operations;
use crate::catalogue::resource::ID;
use crate::client::Client;
use crate::credentials::Credentials;
use crate::error::{Code, NodeError, Result};
use crate::input::{self, Reader};
use crate::lookup::rows::Search;
use crate::references::{self, Known};

/// Reads part of a list.
pub fn options(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    question: &Question<'_>,
) -> Result<Entries> {
    let list = find(question.list)?;
    permit(context, list)?;
    let given = given(question.params)?;
    let credentials = Credentials::parse(&connection.fields)?;
    let mut client = Client::new(transport, context, credentials, &connection.auth);
    let params = parameters(&mut client, list, &given)?;
    let search = match question.search.map(str::trim) {
        Some(text) if !text.is_empty() => Search::Contains(text),
        _ => Search::Nothing,
    };
    let part = rows::read(&mut client, list, &params, search, question.cursor)?;
    Ok(Entries {
        entries: part.rows.into_iter().map(|row| row.entry).collect(),
        next: part.next,
        report: client.report(Vec::new()),
    })
}

fn find(name: &str) -> Result<&'static List> {
    find_list(name).ok_or_else(|| {
        let shown = text::cut(&text::clean(name), 80);
        let error = NodeError::new(Code::UnknownList, format!("There is no list \"{shown}\"."));
        let names: Vec<&str> = LISTS.iter().map(|list| list.name).collect();
        match text::nearest(name, &names) {
            Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
            None => error.with_advice(format!("Lists are {}.", names.join(", "))),
        }
    })
}

/// The host's rules. A list only reads, so read-only mode allows it. Where only
/// some operations are allowed, so are the lists that their inputs refer to,
/// and no others: a list shows records, too.
fn permit(context: &CallContext, list: &List) -> Result<()> {
    if context.dry_run {
        return Err(NodeError::new(Code::NotAllowed, "A dry run sends nothing, so it cannot load a list.")
            .with_advice("Ask for the list outside of the dry run."));
    }
    let Some(allowed) = &context.allowed_operations else { return Ok(()) };
    let serves = |id: &str| {
        operations()
            .filter(|(resource, operation)| {
                id.split_once('.') == Some((resource.name, operation.verb.name()))
            })
            .any(|(resource, operation)| {
                let inputs = resource.inputs(operation.verb);
                let has_id = inputs.iter().any(|field| field.name == ID.name);
                (has_id && resource.list == list.name)
                    || inputs.iter().any(|field| refers(field.kind, list.name))
            })
    };
    if allowed.iter().any(|id| serves(id)) {
        return Ok(());
    }
    Err(NodeError::new(Code::NotAllowed, "No operation that is allowed here takes values of this list.")
        .with_advice("The workflow platform allows a list of operations only."))
}

fn refers(kind: Kind, list: &str) -> bool {
    match kind {
        Kind::Reference(choice) | Kind::References(choice) | Kind::CustomFields(Some(choice)) => {
            choice.list == list
        }
        Kind::Object(fields) | Kind::Objects(fields) => fields.iter().any(|field| refers(field.kind, list)),
        _ => false,
    }
}

/// What is known of what the list depends on. Hosts copy it from a form that
/// is being filled in: what is empty there is not there.
fn given(params: &str) -> Result<Object> {
    match serde_json::from_str(params) {
        Ok(Value::Object(given)) => Ok(given),
        Ok(Value::Null) => Ok(Object::new()),
        _ => Err(NodeError::new(Code::NotAnObject, "The parameters of a list must be a JSON object.")),
    }
}

/// The parameters, with ids where names were given.
fn parameters(client: &mut Client<'_>, list: &'static List, given: &Object) -> Result<Object> {
    let fields: Vec<&Field> = list.parameters.iter().map(|parameter| &parameter.field).collect();
    let instance = client.credentials.resource_url.clone();
    let mut reader = Reader::new(client.context().time_zone.as_deref(), Some(&instance));
    let params = reader.object(&fields, given)?;
    input::require(&list.required, &params, given)?;
    if references::is_needed(&fields, "", &params) {
        return references::resolve(client, &mut Known::default(), &fields, "", &params);
    }
    Ok(params)
}
