//! Running an operation on items: the rules of the host, the queue, dry runs.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;

use super::{Node, Operation, schema};
use crate::client::{Http, NOT_SENT};
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::interface::{CallContext, Connection, Execution, Item, Outcome};
use crate::queue::{Cursor, Queue};
use crate::text;
use crate::transport::Transport;

const UNKNOWN_OPERATION: Code = Code::new("unknown-operation", ErrorKind::InvalidInput, Retry::Never);
const DENIED: Code = Code::new("denied", ErrorKind::Denied, Retry::Never);

/// The most pages that one call reads.
const MAX_PAGES: usize = 10;

impl Node {
    pub(super) fn run(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        id: &str,
        items: &[Item],
        cursor: Option<&str>,
    ) -> Result<Execution> {
        let operation = self.find(id)?;
        permit(operation, context)?;
        let cursor = cursor.map(|text| Cursor::parse(text, id, items.len())).transpose()?;
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let queue = Queue::new(items.len(), cursor.as_ref());
        let mut queue = if operation.marks.read_only { queue.of_reads() } else { queue };
        let input = operation.input_schema();
        let mut pages = 0;
        while let Some(index) = queue.next_item() {
            // The first one is always tried, or a short deadline would never end.
            let is_late = pages > 0 && http.remaining().is_zero();
            if is_late || pages == MAX_PAGES.max(items.len()) {
                break;
            }
            pages += 1;
            let Some(item) = items.get(index) else { break };
            http.begin_item(index, &item.attachments);
            let position = Some(queue.position().clone()).filter(|position| !position.is_null());
            let turn = schema::fit(&input, item.json.clone())
                .and_then(|input| confirmed(operation, &input, context).map(|()| input))
                .and_then(|input| (operation.run)(&mut http, input, position));
            let would_send = http.take_would_send();
            let files = core::mem::take(&mut http.results);
            if context.dry_run && (!would_send.is_empty() || is_not_sent(&turn)) {
                if !operation.marks.read_only && would_send.iter().all(|request| request["method"] == "GET") {
                    http.warn(
                        "dry-run-incomplete",
                        "Which requests follow depends on the answers, so the dry run does not show them.",
                    );
                }
                queue.settle(index, Outcome::Done(would_send.into_iter().map(Item::new).collect()));
                continue;
            }
            match turn {
                Ok(turn) => {
                    let mut results: Vec<Item> = turn.rows.into_iter().map(Item::new).collect();
                    if let Some(last) = results.last_mut() {
                        last.attachments = files;
                    }
                    match turn.next {
                        Some(next) => {
                            queue.deliver(index, results, next);
                        }
                        None => queue.settle(index, Outcome::Done(results)),
                    }
                }
                Err(error) => queue.settle(index, Outcome::Failed(after_writes(error, &http))),
            }
        }
        let (outcomes, next, resume_after) = queue.finish(id);
        Ok(Execution { outcomes, next, resume_after, report: http.report() })
    }

    fn find(&self, id: &str) -> Result<&Operation> {
        self.operations.iter().find(|operation| operation.id == id).ok_or_else(|| {
            let ids: Vec<&str> = self.operations.iter().map(|operation| operation.id).collect();
            unknown(UNKNOWN_OPERATION, "operation", id, &ids)
        })
    }
}

/// A failure of an item of which a part was done: it is not tried again by itself,
/// or that part would be done twice.
fn after_writes(error: NodeError, http: &Http<'_>) -> NodeError {
    if !http.has_written() || error.effect() != Effect::None {
        return error;
    }
    let advice = match error.advice() {
        Some(advice) => {
            format!("{advice} An earlier request of this item was carried out: look at the service first.")
        }
        None => "An earlier request of this item was carried out: look at the service first.".to_string(),
    };
    error.with_effect(Effect::Applied).with_retry(Retry::Never).with_advice(advice)
}

/// A name that the node does not have, with the nearest that it has.
pub(super) fn unknown(code: Code, what: &str, name: &str, names: &[&str]) -> NodeError {
    let error = NodeError::new(code, format!("There is no {what} \"{}\".", text::quoted(name)));
    error.with_advice(match text::nearest(name, names) {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => format!("There is {}.", names.join(", ")),
    })
}

fn is_not_sent<T>(turn: &Result<T>) -> bool {
    matches!(turn, Err(error) if error.code() == NOT_SENT)
}

/// The host's rules, which it enforces itself; a node refuses, too.
fn permit(operation: &Operation, context: &CallContext) -> Result<()> {
    let is_allowed =
        context.allowed_operations.as_ref().is_none_or(|all| all.iter().any(|id| id == operation.id));
    if !is_allowed {
        return Err(NodeError::new(DENIED, "This operation is not allowed here.")
            .with_advice("The operator of the platform can allow it."));
    }
    if context.read_only && !operation.marks.read_only {
        return Err(NodeError::new(DENIED, "Only operations that read are allowed here.")
            .with_advice("The operator of the platform can allow changes."));
    }
    if !context.confirmed && (operation.marks.destructive || operation.marks.customer_visible) {
        return Err(not_confirmed());
    }
    Ok(())
}

fn not_confirmed() -> NodeError {
    NodeError::new(DENIED, "A person has to confirm this operation first.")
        .with_advice("Let a person choose and run it.")
}

/// Whether an input that a person must confirm is confirmed.
fn confirmed(operation: &Operation, input: &Value, context: &CallContext) -> Result<()> {
    let holds = |condition: &Value| {
        let at = condition["at"].as_str().unwrap_or_default();
        condition["is"].get(0) == Some(input.pointer(at).unwrap_or(&Value::Null))
    };
    match operation.confirm_when.iter().find(|condition| holds(condition)) {
        Some(condition) if !context.confirmed => {
            let name = condition["at"].as_str().unwrap_or_default().trim_start_matches('/').to_string();
            Err(not_confirmed().with_field(&name))
        }
        _ => Ok(()),
    }
}
