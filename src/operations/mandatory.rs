//! Mandatory fields of ticket types, told by where they are filled in.
//!
//! What a ticket type makes mandatory stands in its form (the list
//! `ticket_fields`). Reading that before every create would double the
//! requests, and what it says is partly assumed. So HaloPSA is asked first.
//! When it refuses for want of a field, the form is read once, and the error
//! says where the field goes, what it takes and what else is marked. From then
//! on items of the call that lack the same custom field are not sent.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::Task;
use crate::catalogue::field::Kind;
use crate::catalogue::resource::Verb;
use crate::error::{Code, NodeError, Result};
use crate::input::Input;
use crate::lookup::forms::{self, Field};
use crate::protocol::answer;

/// The forms that were read in this call.
#[derive(Debug, Default)]
pub struct Forms(Vec<Form>);

#[derive(Debug)]
struct Form {
    ticket_type: i64,
    /// Empty where it could not be read.
    fields: Vec<Field>,
    /// Names of the fields that HaloPSA refused to do without.
    asked_for: Vec<String>,
}

/// Refuses a new ticket that lacks a custom field which HaloPSA asked for
/// before. HaloPSA's own fields have several names in the input, and templates
/// fill fields in: such tickets are for HaloPSA to judge.
pub fn check(task: &Task<'_, '_>, input: &Input) -> Result<()> {
    let Some(ticket_type) = ticket_type(task, input) else { return Ok(()) };
    let Some(form) = task.forms.0.iter().find(|form| form.ticket_type == ticket_type) else { return Ok(()) };
    if input.values.contains_key("template_id") {
        return Ok(());
    }
    let lacks =
        |field: &&Field| field.custom && form.asked_for.contains(&field.name) && !is_filled(input, field);
    form.fields.iter().find(lacks).map_or(Ok(()), |field| Err(missing(&form.fields, input, field)))
}

/// Says more about a mandatory field than HaloPSA does, if the error is about
/// one.
pub fn explain(task: &mut Task<'_, '_>, input: &Input, error: NodeError) -> NodeError {
    if error.code() != Code::MandatoryField {
        return error;
    }
    let Some(ticket_type) = ticket_type(task, input) else { return error };
    let Some(label) = error.vendor_message().and_then(answer::mandatory_label) else { return error };
    if !task.forms.0.iter().any(|form| form.ticket_type == ticket_type) {
        // What HaloPSA said is better than why more cannot be said.
        let fields = forms::read(task.client, ticket_type).unwrap_or_default();
        task.forms.0.push(Form { ticket_type, fields, asked_for: Vec::new() });
    }
    let Some(form) = task.forms.0.iter_mut().find(|form| form.ticket_type == ticket_type) else {
        return error;
    };
    let Some(field) = form.fields.iter().find(|field| field.label.eq_ignore_ascii_case(label)) else {
        return error;
    };
    if !form.asked_for.contains(&field.name) {
        form.asked_for.push(field.name.clone());
    }
    let explained =
        missing(&form.fields, input, field).with_vendor_message(error.vendor_message().map(Into::into));
    match error.http_status() {
        Some(status) => explained.with_http_status(status),
        None => explained,
    }
}

/// The ticket type of a new ticket whose mandatory fields count.
fn ticket_type(task: &Task<'_, '_>, input: &Input) -> Option<i64> {
    let has_form = |field: &crate::catalogue::field::Field| matches!(field.kind, Kind::CustomFields(Some(_)));
    let skips = input.values.get("_novalidate") == Some(&Value::Bool(true));
    if !matches!(task.verb, Verb::Create) || skips || !task.resource.fields.iter().any(has_form) {
        return None;
    }
    input.values.get("tickettype_id").and_then(Value::as_i64)
}

fn missing(fields: &[Field], input: &Input, field: &Field) -> NodeError {
    let mut advice = field.advice();
    let others: Vec<&str> = fields
        .iter()
        .filter(|other| other.required && other.name != field.name && !is_filled(input, other))
        .map(|other| other.label.as_str())
        .collect();
    if !others.is_empty() {
        advice.push_str(&format!(" The ticket type marks as mandatory too: {}.", others.join(", ")));
    }
    let error = NodeError::new(Code::MandatoryField, format!("The field \"{}\" is mandatory.", field.label))
        .with_advice(advice);
    match field.place() {
        (name, None) => error.with_field(name),
        (name, Some(inner)) => error.with_field(inner).with_field(name),
    }
}

fn is_filled(input: &Input, field: &Field) -> bool {
    let holds = |value: &Value| !value.is_null() && value.as_str() != Some("");
    let (name, inner) = field.place();
    match (input.values.get(name), inner) {
        (Some(Value::Array(values)), Some(inner)) => values.iter().any(|value| {
            let named = value.get("name").and_then(Value::as_str);
            let is_it = named.is_some_and(|named| named.eq_ignore_ascii_case(inner))
                || (value.get("id").is_some() && value.get("id") == field.id.as_ref());
            is_it && value.get("value").is_some_and(holds)
        }),
        (Some(value), None) => holds(value),
        _ => false,
    }
}
