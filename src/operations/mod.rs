//! Running operations: the one way in, [`execute`], and what every operation
//! goes through – the host's rules, the credentials, the queue of items.
//!
//! What an operation does is data (`catalogue`); [`list`] and [`record`] are
//! the generic engines that carry it out, [`bulk`] the one for many at once, and [`jobs`] leads to what data
//! cannot say.

pub mod action;
pub mod api;
pub mod attachment;
pub mod bulk;
pub mod files;
pub mod find_or_append;
pub mod jobs;
pub mod keyed;
#[cfg(test)]
mod late;
pub mod list;
pub mod mandatory;
pub mod mapping;
pub mod outcome;
pub mod quantity;
pub mod record;
pub mod report;
pub mod requester;
pub mod search;
pub mod tag;
#[cfg(test)]
pub(crate) mod tests;
pub mod upsert;
#[cfg(test)]
mod world;
pub mod written;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::Value;
use workflow_node_sdk::interface::{
    Attachment, CallContext, Connection, ConnectionAuth, Diagnostic, Execution, Item, Level, Object, Outcome,
};
use workflow_node_sdk::queue::{Cursor, Identity, Queue};
use workflow_node_sdk::text;
use workflow_node_sdk::transport::Transport;

use crate::catalogue;
use crate::catalogue::field::ATTACHMENTS;
use crate::catalogue::resource::{Files, Handler, Job, Marks, Operation, Resource, Verb};
use crate::client::Client;
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, NodeError, Result};
use crate::input::{self, Input, Note, Reader};
use crate::output::{self, LeftOut, Names, View};
use crate::protocol::request::ApiRequest;
use crate::references::{self, Known, custom_fields};
use mandatory::Forms;

/// An operation at work.
pub struct Task<'a, 'b> {
    /// The connection.
    pub client: &'b mut Client<'a>,
    /// What the call was told by its host.
    pub context: &'b CallContext,
    /// What the operation is about.
    pub resource: &'static Resource,
    /// What it does.
    pub verb: Verb,
    /// The items in, one by one.
    pub items: &'b [Item],
    /// What is left to do, and what became of the rest.
    pub queue: Queue,
    /// Whether an earlier attempt of this call, or of the call that it goes on
    /// from, may have done something.
    pub is_repeated: bool,
    /// What is worth telling.
    pub diagnostics: Vec<Diagnostic>,
    /// What results do not hold although HaloPSA sent it, by item.
    pub left_out: BTreeMap<usize, LeftOut>,
    /// The names that were looked up for inputs.
    pub known: Known,
    /// Names for what rows of results only number.
    pub names: Names,
    /// The forms of ticket types that were read.
    pub forms: Forms,
}

impl Task<'_, '_> {
    /// The parsed input of an item, with ids where names were given.
    pub fn input(&mut self, index: usize) -> Result<Input> {
        let item = self
            .items
            .get(index)
            .ok_or_else(|| NodeError::new(Code::Internal, "An item got lost inside the node."))?;
        let fields = self.resource.inputs(self.verb);
        let takes_files = matches!(self.verb, Verb::Job(job) if job.files == Files::Takes);
        let attaches = !takes_files && fields.iter().any(|field| field.name == ATTACHMENTS.name);
        if !item.attachments.is_empty() && !takes_files && !attaches {
            return Err(NodeError::new(Code::InvalidValue, "This operation takes no files beside the item.")
                .with_advice("The manifest says which operations take files."));
        }
        let (resource, verb) = (self.resource, self.verb);
        let instance = self.client.credentials.resource_url.clone();
        let mut reader = Reader::new(self.context.time_zone.as_deref(), Some(&instance));
        let mut values = reader.values(resource, verb, &item.json)?;
        let is_on = |name: &&&str| values.get(**name) == Some(&Value::Bool(true));
        if let Some(name) = resource.mails_customers.iter().find(is_on) {
            let message = "The customer would get a mail, and nobody confirmed it.";
            confirm(self.context, message).map_err(|error| error.with_field(name))?;
        }
        let given = values.clone();
        if references::is_needed(&fields, resource.list, &values) {
            values = references::resolve(self.client, &mut self.known, &fields, resource.list, &values)?;
        }
        if !verb.marks().reads {
            references::check_belonging(self.client, &mut self.known, &fields, &given, &values)?;
            custom_fields::check(self.client, &mut self.known, &mut reader, &mut values)?;
        }
        let mut input = input::finish(resource, verb, values)?;
        for note in reader.take_notes() {
            self.note(index, note);
        }
        if attaches && !item.attachments.is_empty() {
            attach(&item.attachments, &mut input, self.context.dry_run)?;
            self.note_renames(index, &item.attachments);
        }
        Ok(input)
    }

    /// Says something about an item. An item may be read more than once, and
    /// what is only good to know is said once for all items.
    fn note(&mut self, index: usize, note: Note) {
        let Note { level, code, message } = note;
        let item_index = u32::try_from(index).ok();
        let once = level == Level::Info || code == input::DATE_TAKEN_AS_UTC;
        let is_said = |known: &Diagnostic| known.code == code && (once || known.item_index == item_index);
        if !self.diagnostics.iter().any(is_said) {
            self.diagnostics.push(Diagnostic { level, code, message, item_index });
        }
    }
}

/// Puts the files beside an item into its record, where the record has a field
/// for files.
fn attach(attachments: &[Attachment], input: &mut Input, for_people: bool) -> Result<()> {
    files::check(attachments)?;
    let files = attachments.iter().map(|file| Value::Object(files::element(file, for_people)));
    match input.values.get_mut(ATTACHMENTS.name) {
        Some(Value::Array(given)) => given.extend(files),
        _ => {
            input.values.insert(ATTACHMENTS.name.into(), files.collect());
        }
    }
    Ok(())
}

impl Task<'_, '_> {
    /// Makes a record of an item fit to leave.
    pub fn present(&mut self, record: Object, view: View, index: usize) -> Value {
        let instance = endpoints::instance(&self.client.credentials.resource_url);
        let left_out = self.left_out.entry(index).or_default();
        output::record(self.resource, record, view, &self.names, &instance, left_out)
    }

    /// Looks up the names that simplified rows show and these rows lack.
    pub fn look_up_names(&mut self, view: View, rows: &[Object]) {
        if view != View::Raw {
            self.names.look_up(self.client, self.resource, rows);
        }
    }

    /// Removes secrets from a value of an item that is no record.
    pub fn redact(&mut self, value: &mut Value, index: usize) {
        output::redact(value, self.left_out.entry(index).or_default());
    }

    /// Adds a diagnostic about an item.
    pub fn say(&mut self, level: Level, code: &'static str, message: String, index: usize) {
        self.diagnostics.push(Diagnostic { level, code, message, item_index: u32::try_from(index).ok() });
    }

    /// Says that a file has another name than it was given. An item may be read
    /// more than once.
    pub fn note_rename(&mut self, index: usize, given: &str, name: &str) {
        let given = text::cut(&text::clean(given), 120);
        let message = format!("The file \"{given}\" is called \"{}\" here.", text::cut(name, 120));
        if !self.diagnostics.iter().any(|known| known.message == message) {
            self.say(Level::Info, "halopsa.file-renamed", message, index);
        }
    }

    /// Says which of these files get another name.
    pub fn note_renames(&mut self, index: usize, given: &[Attachment]) {
        for file in given {
            let name = files::clean_name(&file.name);
            if name != file.name {
                self.note_rename(index, &file.name, &name);
            }
        }
    }
}

/// Runs an operation on items.
pub fn execute(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    operation_id: &str,
    items: &[Item],
    cursor: Option<&str>,
) -> Result<Execution> {
    let (resource, operation) = find(operation_id)?;
    permit(context, operation_id, operation)?;
    let credentials = Credentials::parse(&connection.fields)?;
    if connection.auth == ConnectionAuth::SelfManaged && !context.dry_run {
        credentials.application()?;
    }
    let cursor = cursor.map(|text| Cursor::parse(text, operation_id, items.len())).transpose()?;
    let mut client = Client::new(transport, context, credentials, &connection.auth);
    let identity = match operation.verb {
        Verb::Job(Job { handler: Handler::FindOrAppend | Handler::Upsert, .. }) => {
            tag::identity(context, cursor.as_ref())
        }
        _ => Identity::default(),
    };
    let mut task = Task {
        client: &mut client,
        context,
        resource,
        verb: operation.verb,
        items,
        is_repeated: identity.is_repeated,
        queue: {
            let queue = Queue::new(items.len(), cursor.as_ref()).of(identity);
            if operation.verb.marks().reads { queue.of_reads() } else { queue }
        },
        diagnostics: Vec::new(),
        left_out: BTreeMap::new(),
        known: Known::default(),
        names: Names::default(),
        forms: Forms::default(),
    };
    if context.dry_run {
        dry_run(&mut task);
    } else {
        match operation.verb {
            Verb::List => list::run(&mut task),
            Verb::Get | Verb::Create | Verb::Update | Verb::Delete => record::run(&mut task),
            Verb::Job(job) => jobs::run(job.handler, &mut task),
        }
    }
    let Task { queue, mut diagnostics, left_out, .. } = task;
    for (index, left_out) in &left_out {
        diagnostics.extend(left_out.diagnostics(u32::try_from(*index).ok()));
    }
    let (outcomes, next, resume_after) = queue.finish(operation_id);
    Ok(Execution { outcomes, next, resume_after, report: client.report(diagnostics) })
}

fn find(id: &str) -> Result<(&'static Resource, &'static Operation)> {
    catalogue::find(id).ok_or_else(|| {
        let error = NodeError::new(
            Code::UnknownOperation,
            format!("There is no operation \"{}\".", text::quoted(id)),
        );
        let ids: Vec<String> = catalogue::operations()
            .map(|(resource, operation)| format!("{}.{}", resource.name, operation.verb.name()))
            .collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        match text::nearest(id, &ids) {
            Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
            None => error.with_advice(format!("Operations are {}.", ids.join(", "))),
        }
    })
}

/// The host's rules.
fn permit(context: &CallContext, id: &str, operation: &Operation) -> Result<()> {
    if let Some(allowed) = &context.allowed_operations
        && !allowed.iter().any(|name| name == id)
    {
        return Err(NodeError::new(Code::NotAllowed, "This operation is not allowed here.")
            .with_advice("The workflow platform allows a list of operations only."));
    }
    let Marks { reads, destroys, customer_visible, .. } = operation.verb.marks();
    // What these may do is known only from their items.
    let by_item = matches!(operation.verb, Verb::Job(Job { handler: Handler::ApiRequest, .. }));
    if !reads && !by_item {
        permit_write(context)?;
    }
    if destroys {
        confirm(context, "This operation takes something away, and nobody confirmed it.")?;
    }
    if customer_visible {
        confirm(context, "Customers see what this operation does, and nobody confirmed it.")?;
    }
    Ok(())
}

/// Refuses to change anything in read-only mode.
pub fn permit_write(context: &CallContext) -> Result<()> {
    if !context.read_only {
        return Ok(());
    }
    Err(NodeError::new(Code::ReadOnly, "This operation changes something, and this connection only reads.")
        .with_advice("Switch read-only mode off in the workflow platform, if that is what you want."))
}

/// Refuses what only a person may decide, unless one did.
pub fn confirm(context: &CallContext, message: &'static str) -> Result<()> {
    if context.confirmed || context.dry_run {
        return Ok(());
    }
    Err(NodeError::new(Code::NotConfirmed, message).with_advice("A person must choose this operation."))
}

/// Says what would be sent.
fn dry_run(task: &mut Task<'_, '_>) {
    while let Some(index) = task.queue.next_item() {
        let requests = task.input(index).and_then(|input| match task.verb {
            Verb::List => Ok(alloc::vec![list::first_request(task.resource, &input)]),
            Verb::Job(job) => jobs::plan(job.handler, task, index, &input),
            _ => record::plan(task.resource, task.verb, input),
        });
        let outcome = match requests {
            Ok(requests) => {
                Outcome::Done(requests.iter().map(|request| preview(task.client, request)).collect())
            }
            Err(error) => Outcome::Failed(error),
        };
        task.queue.settle(index, outcome);
    }
}

fn preview(client: &Client<'_>, request: &ApiRequest) -> Item {
    let mut json = request.to_json(&client.credentials.resource_url);
    if let Value::Object(object) = &mut json {
        object.insert("dry_run".into(), Value::Bool(true));
    }
    Item::new(json)
}

/// The most requests that the items of one call take. After them, or where the
/// next item would probably go beyond, the rest is left to the next call.
pub const MAX_REQUESTS: u32 = 80;

/// Whether so little of the deadline is left that nothing new is begun: a
/// write that is cut off leaves its effect unknown.
pub fn is_late(client: &Client<'_>, deadline: Duration) -> bool {
    client.remaining() < (deadline / 4).min(Duration::from_secs(10))
}
