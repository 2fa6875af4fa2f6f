//! The quantity on the lines of a recurring invoice.
//!
//! HaloPSA replaces a list inside a record as a whole (HAPI §14.11): all lines
//! are read, some are changed, all are written back, as integrations that run
//! against live tenants do. What HaloPSA kept is then held against what was
//! sent: first its own answer to the write, and where that does not show it,
//! the record, read again for a while, because what is kept is not always
//! readable at once.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Item, Object};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::{Task, record, written};
use crate::catalogue::resource::{Resource, Verb};
use crate::error::{Code, Effect, NodeError, Result};
use crate::input::Input;
use crate::number;
use crate::protocol::identity::Identity;
use crate::protocol::request::ApiRequest;

/// The names of a line under which an input may look for it.
const KEYS: [(&str, &str); 3] = [("line_id", "id"), ("item_code", "item_code"), ("item_id", "_itemid")];

const QUANTITY: &str = "qty_order";

/// How a line gets its quantity: 0 is fixed (recorded on a live tenant).
const QUANTITY_TYPE: &str = "recurring_invoice_quantity_type";

/// How long to wait before each further look at what was kept.
const WAITS: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(4),
];

/// Kept back from the deadline when waiting for what was kept to show.
const RESERVE: Duration = Duration::from_secs(2);

/// Amounts of a line that follow from its quantity, as recorded on a live
/// tenant; HaloPSA works them out.
const DERIVED: &[&str] = &[
    "net_amount",
    "net_amount_converted",
    "net_total",
    "tax_amount",
    "tax_converted",
    "total_discount",
    "total_net_total",
    "total_price",
    "total_price_converted",
    "total_tax",
    "total_tax_converted",
];

/// What a line shows people, best first.
const SHOWN: &[&str] = &[
    "item_shortdescription",
    "item_code",
    "item_longdescription",
    "item_internal_reference",
    "item_external_reference",
    "productnumber",
    "asset_inventory_number",
];

/// Sets the quantity, and gives a result for each line that fits.
pub fn update(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let quantity = input.values.get("quantity").cloned().unwrap_or_default();
    let before = read(task, input)?;
    let old = lines(&before)?;
    let chosen = choose(old, input)?;
    refuse_counted(old, &chosen)?;
    let mut new = old.to_vec();
    for position in &chosen {
        if let Some(line) = new.get_mut(*position).and_then(Value::as_object_mut) {
            set(line, &quantity);
        }
    }
    let changed = new != old;
    if changed {
        let answer = task.client.send(&write(task.resource, input, &new))?;
        see_kept(task, index, input, &new, &answer)?;
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
    Ok(chosen.iter().map(|position| Item::new(line(position))).collect())
}

/// Sees that the lines were kept: in the answer to the write, else in the
/// record, for as long as the deadline leaves.
fn see_kept(
    task: &mut Task<'_, '_>,
    index: usize,
    input: &Input,
    sent: &[Value],
    answer: &HttpResponse,
) -> Result<()> {
    // An answer that cannot be read says nothing: then the record does.
    if let Ok(record) = record::record(answer, Safety::Overwrite) {
        if let Some(id) = input.id {
            written::check_id(task.resource, &record, id, Effect::Unknown)?;
        }
        written::pass_on_warnings(task, &record, index);
        if lines(&record).is_ok_and(|kept| difference(sent, kept).is_none()) {
            return Ok(());
        }
    }
    let applied = |error: NodeError| error.with_effect(Effect::Applied);
    let mut waits = WAITS.into_iter();
    loop {
        let after = read(task, input).map_err(applied)?;
        let Some(difference) = difference(sent, lines(&after).map_err(applied)?) else { return Ok(()) };
        match waits.next() {
            Some(wait) if wait + RESERVE < task.client.remaining() => task.client.wait_for_a_look(wait),
            _ => {
                return Err(NodeError::new(
                    Code::NotKept,
                    format!("HaloPSA kept other lines: {difference}."),
                )
                .with_advice("Check the recurring invoice in HaloPSA before you go on.")
                .with_effect(Effect::Applied));
            }
        }
    }
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
    let request = ApiRequest::post_one(resource.path, body, Safety::Replace);
    ApiRequest { fields: resource.fields, ..request.needing(resource.scope(Verb::Update)) }
}

fn read(task: &mut Task<'_, '_>, input: &Input) -> Result<Object> {
    let answer = task.client.send(&record::request(task.resource, Verb::Get, input))?;
    record::of(&answer, task.resource, input, Effect::None)
}

/// Without the lines nothing may be written: it would take them away.
fn lines(record: &Object) -> Result<&[Value]> {
    match record.get("lines") {
        Some(Value::Array(lines)) if lines.iter().all(Value::is_object) => Ok(lines),
        _ => Err(NodeError::new(
            Code::MalformedAnswer,
            "HaloPSA gave the recurring invoice without its lines.",
        )
        .with_advice("Give the agent that the API application logs in as the right to read invoices.")),
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
    let fitting: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| fits(line)).map(|(position, _)| position).collect();
    // A line that is switched off stays in the list (recorded on a live tenant);
    // it is meant only where no other one fits.
    let is_on = |position: &usize| {
        lines.get(*position).and_then(|line| line.get("isinactive")) != Some(&Value::Bool(true))
    };
    let active: Vec<usize> = fitting.iter().copied().filter(is_on).collect();
    let chosen = if active.is_empty() { fitting } else { active };
    let named = KEYS.iter().find(|(name, _)| input.values.contains_key(*name));
    let field = named.map_or("line_id", |(name, _)| *name);
    let several = input.values.get("all_matching") != Some(&Value::Bool(true));
    match chosen.len() {
        0 => Err(NodeError::new(Code::RecordNotFound, "No line of the recurring invoice fits.")
            .with_field(field)
            .with_advice(format!("Lines are {}.", names(lines)))),
        count if count > 1 && several => {
            Err(NodeError::new(Code::InvalidValue, format!("{count} lines of the recurring invoice fit."))
                .with_field(field)
                .with_advice(format!(
                    "Give line_id, or all_matching to change them all. Lines are {}.",
                    names(lines)
                )))
        }
        _ => Ok(chosen),
    }
}

/// Refuses lines whose quantity HaloPSA counts: it would count again.
fn refuse_counted(lines: &[Value], chosen: &[usize]) -> Result<()> {
    for line in chosen.iter().filter_map(|position| lines.get(*position)) {
        let counted_from = match line.get(QUANTITY_TYPE).and_then(Identity::of) {
            None => continue,
            Some(Identity::Number(1)) => "software licences",
            Some(Identity::Number(2)) => "assets or other records",
            Some(_) => "something else than the line",
        };
        return Err(NodeError::new(
            Code::Conflict,
            format!("The quantity of line {} is counted from {counted_from}.", name(line)),
        )
        .with_field("quantity")
        .with_advice("Change what is counted, or set the line to a fixed quantity in HaloPSA."));
    }
    Ok(())
}

/// Lines as people know them, for advice.
fn names(lines: &[Value]) -> String {
    let names: Vec<String> = lines.iter().take(12).map(name).collect();
    names.join(", ")
}

/// The id of a line and what it shows.
fn name(line: &Value) -> String {
    let id = line.get("id").unwrap_or(&Value::Null);
    let shown = SHOWN.iter().filter_map(|name| line.get(*name).and_then(Value::as_str)).map(text::clean);
    match shown.into_iter().find(|text| !text.is_empty()) {
        Some(shown) => format!("{id} ({})", text::cut(&shown, 40)),
        None => id.to_string(),
    }
}

/// Sets the quantity. The amounts that follow from it are left out: those of
/// the old quantity would be wrong.
fn set(line: &mut Object, quantity: &Value) {
    let old = line.get(QUANTITY).and_then(float);
    if old.is_some_and(|old| close(Some(old), float(quantity))) {
        return;
    }
    for name in DERIVED {
        line.remove(*name);
    }
    // A discount in percent makes an amount of each quantity; a fixed one stays.
    if line.get("discount_perc").and_then(float).is_some_and(|percent| percent != 0.0) {
        line.remove("discount");
        line.remove("discount_converted");
    }
    line.insert(QUANTITY.to_string(), quantity.clone());
}

/// A number, which some answers write as text.
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What differs between the lines that were sent and those that were kept.
fn difference(sent: &[Value], kept: &[Value]) -> Option<String> {
    if sent.len() != kept.len() {
        return Some(format!("{} lines were sent and {} are there", sent.len(), kept.len()));
    }
    let mut different = sent.iter().zip(kept).filter(|(line, same_place)| {
        // A list that is replaced may come back in another order, or with other ids.
        let id = line.get("id").and_then(Identity::of);
        let has_id = |other: &&Value| id.is_some() && other.get("id").and_then(Identity::of) == id;
        let other = kept.iter().find(has_id).unwrap_or(same_place);
        !close(line.get(QUANTITY).and_then(float), other.get(QUANTITY).and_then(float))
    });
    different.next().map(|(line, _)| format!("the quantity of line {} is another one", name(line)))
}

/// Whether two values are the same id or code.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(value)) => number::whole(wanted) == number::whole(value),
        (Value::Number(_), Value::String(_)) => Identity::of(wanted) == Identity::of(value),
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
        let chosen =
            |values: Value| choose(&sample(), &input(&values)).map_err(|error| crate::error::code_of(&error));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "line_id": 2})), Ok(vec![1]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_id": 1})), Ok(vec![1]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_code": "WS", "line_id": 3})), Ok(vec![2]));
        let all = json!({"id": 4, "quantity": 1, "item_code": "ws ", "all_matching": true});
        assert_eq!(chosen(all), Ok(vec![0, 2]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_code": "WS"})), Err(Code::InvalidValue));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "line_id": 9})), Err(Code::RecordNotFound));
    }

    #[test]
    fn amounts_of_a_changed_line_are_left_out() {
        let set_to = |line: &Value, quantity: Value| {
            let mut line = line.as_object().unwrap().clone();
            set(&mut line, &quantity);
            Value::Object(line)
        };
        let line = json!({
            "id": 1, "qty_order": 10.0, "unit_price": 39.5, "net_amount": 395.0, "net_total": 395.0,
            "total_price": 470.05, "total_price_converted": 470.05, "net_amount_converted": 395.0,
            "tax_amount": 75.05, "total_tax_converted": 75.05, "tax_rate": 19, "discount": 5.0,
        });
        assert_eq!(
            set_to(&line, json!(40)),
            json!({"id": 1, "qty_order": 40, "unit_price": 39.5, "tax_rate": 19, "discount": 5.0})
        );
        assert_eq!(set_to(&line, json!(10)), line, "nothing changes");
        let percent = json!({"qty_order": "2", "discount_perc": 10, "discount": 5.0, "unit_price": 25});
        assert_eq!(
            set_to(&percent, json!(4)),
            json!({"qty_order": 4, "discount_perc": 10, "unit_price": 25})
        );
    }

    #[test]
    fn lines_are_named_by_what_they_show() {
        for (line, named) in [
            (
                json!({"id": 24963, "item_code": "", "item_shortdescription": "Managed <b>PC</b>"}),
                "24963 (Managed PC)",
            ),
            (json!({"id": 1, "item_code": "WS", "item_shortdescription": " "}), "1 (WS)"),
            (json!({"id": 2, "item_code": "", "item_longdescription": "Long text"}), "2 (Long text)"),
            (json!({"id": 3, "item_code": null}), "3"),
        ] {
            assert_eq!(name(&line), named);
        }
    }

    #[test]
    fn counted_lines_are_refused_with_the_reason() {
        for (kind, reason) in [(json!(1), "licences"), (json!("1"), "licences"), (json!(2.0), "assets")] {
            let lines = [json!({"id": 5, "item_shortdescription": "M365", QUANTITY_TYPE: kind})];
            let error = refuse_counted(&lines, &[0]).unwrap_err();
            assert_eq!(crate::error::code_of(&error), Code::Conflict);
            let message = error.message();
            assert!(message.contains("5 (M365)") && message.contains(reason), "{message}");
        }
        for fixed in [json!({"id": 5, QUANTITY_TYPE: 0}), json!({"id": 5}), json!({QUANTITY_TYPE: null})] {
            assert!(refuse_counted(&[fixed], &[0]).is_ok());
        }
    }

    #[test]
    fn a_line_that_is_switched_off_is_not_meant_where_another_one_fits() {
        let lines = [
            json!({"id": 1, "item_code": "WS", "isinactive": true}),
            json!({"id": 2, "item_code": "WS", "isinactive": false}),
        ];
        let chosen =
            |values: Value| choose(&lines, &input(&values)).map_err(|error| crate::error::code_of(&error));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "item_code": "WS"})), Ok(vec![1]));
        assert_eq!(chosen(json!({"id": 4, "quantity": 1, "line_id": 1})), Ok(vec![0]));
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
        assert_eq!(difference(&sent, &other), Some("the quantity of line 3 (ws) is another one".to_string()));
        assert!(difference(&sent, &sent[..2]).is_some());
    }
}
