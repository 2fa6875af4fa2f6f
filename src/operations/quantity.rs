//! The quantity on the lines of a recurring invoice.
//!
//! HaloPSA replaces a list inside a record as a whole (HAPI 14.11): all lines
//! are read, some are changed, all are written. That it takes lines back like
//! this is assumed (HAPI 10.8), so what it keeps is read again and compared.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{Task, record};
use crate::catalogue::resource::{Resource, Verb};
use crate::contract::{Item, Object};
use crate::error::{Code, Effect, NodeError, Result};
use crate::input::Input;
use crate::number;
use crate::protocol::request::{ApiRequest, Safety};

/// The names of a line under which an input may look for it.
const KEYS: [(&str, &str); 3] = [("line_id", "id"), ("item_code", "item_code"), ("item_id", "_itemid")];

const QUANTITY: &str = "qty_order";

/// Sets the quantity, and gives a result for each line that fits.
pub fn update(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let quantity = input.values.get("quantity").cloned().unwrap_or_default();
    let before = read(task, input)?;
    let old = lines(&before)?;
    let chosen = choose(old, input)?;
    let mut new = old.to_vec();
    for position in &chosen {
        if let Some(line) = new.get_mut(*position).and_then(Value::as_object_mut) {
            set(line, &quantity);
        }
    }
    let changed = new != old;
    if changed {
        task.client.send(&write(task.resource, input, &new))?;
        let applied = |error: NodeError| error.effect(Effect::Applied);
        let after = read(task, input).map_err(applied)?;
        let kept = lines(&after).map_err(applied)?;
        if let Some(difference) = difference(&new, kept) {
            return Err(NodeError::new(Code::NotKept, format!("HaloPSA kept other lines: {difference}."))
                .advice("Look at the recurring invoice in HaloPSA before you go on.")
                .effect(Effect::Applied));
        }
    }
    let line = |position: &usize| {
        let line = old.get(*position).unwrap_or(&Value::Null);
        json!({
            "id": input.id,
            "client_id": before.get("client_id"),
            "client_name": before.get("client_name"),
            "line_id": line.get("id"),
            "item_code": line.get("item_code"),
            "item_shortdescription": line.get("item_shortdescription"),
            "old_quantity": line.get(QUANTITY),
            "quantity": quantity,
            "changed": changed,
        })
    };
    Ok(chosen.iter().map(|position| Item::result(line(position), index)).collect())
}

/// The requests, with the line that changes alone: the others are not known
/// before they are read.
pub fn plan(resource: &'static Resource, input: &Input) -> Vec<ApiRequest> {
    let mut line = Object::new();
    for (name, column) in KEYS {
        if let Some(value) = input.values.get(name) {
            line.insert(column.to_string(), value.clone());
        }
    }
    line.insert(QUANTITY.to_string(), input.values.get("quantity").cloned().unwrap_or_default());
    let read = record::request(resource, Verb::Get, input);
    vec![read.clone(), write(resource, input, &[Value::Object(line)]), read]
}

fn write(resource: &'static Resource, input: &Input, lines: &[Value]) -> ApiRequest {
    let body = json!({"id": input.id, "lines": lines});
    let request = ApiRequest::post_one(resource.path, body, Safety::Overwrite);
    ApiRequest { fields: resource.fields, ..request.needing(resource.scope(Verb::Update)) }
}

fn read(task: &mut Task<'_, '_>, input: &Input) -> Result<Object> {
    let answer = task.client.send(&record::request(task.resource, Verb::Get, input))?;
    record::record(&answer, Safety::Read)
}

/// Without the lines nothing may be written: it would take them away.
fn lines(record: &Object) -> Result<&[Value]> {
    match record.get("lines") {
        Some(Value::Array(lines)) if lines.iter().all(Value::is_object) => Ok(lines),
        _ => Err(NodeError::new(
            Code::MalformedAnswer,
            "HaloPSA gave the recurring invoice without its lines.",
        )
        .advice("Give the agent that the API application logs in as the right to read invoices.")),
    }
}

/// The positions of the lines that fit.
fn choose(lines: &[Value], input: &Input) -> Result<Vec<usize>> {
    let fits = |line: &Value| {
        KEYS.iter().all(|(name, column)| {
            input
                .values
                .get(*name)
                .is_none_or(|wanted| same(wanted, line.get(*column).unwrap_or(&Value::Null)))
        })
    };
    let chosen: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| fits(line)).map(|(position, _)| position).collect();
    let named = KEYS.iter().find(|(name, _)| input.values.contains_key(*name));
    let field = named.map_or("line_id", |(name, _)| *name);
    let several = input.values.get("all_matching") != Some(&Value::Bool(true));
    match chosen.len() {
        0 => Err(NodeError::new(Code::RecordNotFound, "No line of the recurring invoice fits.")
            .field(field)
            .advice(format!("Lines are {}.", names(lines)))),
        count if count > 1 && several => {
            Err(NodeError::new(Code::InvalidValue, format!("{count} lines of the recurring invoice fit."))
                .field(field)
                .advice(format!(
                    "Give line_id, or all_matching to change them all. Lines are {}.",
                    names(lines)
                )))
        }
        _ => Ok(chosen),
    }
}

/// Ids and codes of lines, for advice.
fn names(lines: &[Value]) -> String {
    let name = |line: &Value| {
        let code = line.get("item_code").and_then(Value::as_str).unwrap_or("no code");
        format!("{} ({})", line.get("id").unwrap_or(&Value::Null), crate::text::cut(code, 40))
    };
    let names: Vec<String> = lines.iter().take(12).map(name).collect();
    names.join(", ")
}

/// Sets the quantity, and the amounts that follow from it: whether HaloPSA
/// works them out again by itself is not known.
fn set(line: &mut Object, quantity: &Value) {
    let number = |line: &Object, name: &str| line.get(name).and_then(Value::as_f64);
    let old = number(line, QUANTITY);
    if old.is_some_and(|old| close(Some(old), quantity.as_f64())) {
        return;
    }
    if let (Some(old), Some(new)) = (old.filter(|old| *old != 0.0), quantity.as_f64()) {
        for name in ["net_amount", "tax_amount"] {
            if let Some(amount) = number(line, name) {
                line.insert(name.to_string(), Value::from(amount * new / old));
            }
        }
    } else {
        // They were nothing; what is not sent cannot be wrong.
        line.remove("net_amount");
        line.remove("tax_amount");
    }
    line.insert(QUANTITY.to_string(), quantity.clone());
}

/// What differs between the lines that were sent and those that were kept.
fn difference(sent: &[Value], kept: &[Value]) -> Option<String> {
    if sent.len() != kept.len() {
        return Some(format!("{} lines were sent and {} are there", sent.len(), kept.len()));
    }
    let mut different = sent.iter().zip(kept).filter(|(line, same_place)| {
        // A list that is replaced may come back in another order, or with other ids.
        let id = line.get("id").filter(|id| !id.is_null());
        let same_id = kept.iter().find(|other| id.is_some() && other.get("id") == id);
        let other = same_id.unwrap_or(same_place);
        !close(line.get(QUANTITY).and_then(Value::as_f64), other.get(QUANTITY).and_then(Value::as_f64))
    });
    different.next().map(|(line, _)| {
        format!("the quantity of line {} is another one", line.get("id").unwrap_or(&Value::Null))
    })
}

/// Whether two values are the same id or code.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(value)) => number::whole(wanted) == number::whole(value),
        (Value::String(wanted), Value::String(value)) => wanted.trim().eq_ignore_ascii_case(value.trim()),
        _ => false,
    }
}

/// Whether two quantities are the same, but for what rounding takes.
fn close(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() < 1e-6,
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(values: &Value) -> Input {
        let resource = &crate::catalogue::recurring_invoice::RECURRING_INVOICE;
        let (_, operation) = crate::catalogue::find("recurring_invoice.update_quantity").unwrap();
        crate::input::parse(resource, operation.verb, values).unwrap()
    }

    fn sample() -> Vec<Value> {
        vec![
            json!({"id": 1, "item_code": "WS", "_itemid": 2, "qty_order": 10.0, "net_amount": 395.0, "tax_amount": 75.05}),
            json!({"id": 2, "item_code": "H", "_itemid": 1.0, "qty_order": 0}),
            json!({"id": 3, "item_code": "ws", "qty_order": 1}),
        ]
    }

    #[test]
    fn lines_are_found_by_id_code_or_item() {
        let chosen = |values: Value| choose(&sample(), &input(&values)).map_err(|error| error.get_code());
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "line_id": 2})), Ok(vec![1]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_id": 1})), Ok(vec![1]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_code": "WS", "line_id": 3})), Ok(vec![2]));
        let all = json!({"id": 4, "quantity": 1, "item_code": "ws ", "all_matching": true});
        assert_eq!(chosen(all), Ok(vec![0, 2]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_code": "WS"})), Err(Code::InvalidValue));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "line_id": 9})), Err(Code::RecordNotFound));
    }

    #[test]
    fn amounts_follow_the_quantity() {
        let set_to = |line: &Value, quantity: Value| {
            let mut line = line.as_object().unwrap().clone();
            set(&mut line, &quantity);
            Value::Object(line)
        };
        let lines = sample();
        let changed = set_to(&lines[0], json!(40));
        assert_eq!((&changed["qty_order"], &changed["net_amount"]), (&json!(40), &json!(1580.0)));
        assert_eq!(set_to(&lines[0], json!(10)), lines[0]);
        let from_nothing = json!({"qty_order": 0, "net_amount": 0.0, "unit_price": 5});
        assert_eq!(set_to(&from_nothing, json!(2)), json!({"qty_order": 2, "unit_price": 5}));
    }

    #[test]
    fn what_was_not_kept_is_noticed() {
        let sent = sample();
        let mut other = sent.clone();
        other.reverse();
        assert_eq!(difference(&sent, &other), None);
        let renumbered: Vec<Value> = sent
            .iter()
            .map(|line| json!({"id": line["id"].as_i64().unwrap() + 10, "qty_order": line["qty_order"]}))
            .collect();
        assert_eq!(difference(&sent, &renumbered), None);
        other[0]["qty_order"] = json!(7);
        assert_eq!(difference(&sent, &other), Some("the quantity of line 3 is another one".to_string()));
        assert!(difference(&sent, &sent[..2]).is_some());
    }
}
