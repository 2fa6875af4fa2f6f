//! Invoices: voiding, and their lines (HAPI §10.8). That the paths exist is
//! known, what they change and answer is assumed.

use serde_json::{Map, Value};

use super::{Desk, Written, generic};
use crate::{
    protocol::{Refusal, body},
    resources::{
        Resource,
        below::{Below, Input},
        patch::Element,
        render,
    },
    state::{Key, Row},
};

/// Creates or changes an invoice; its lines get numbers.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let written = generic::write(desk, resource, element)?;
    if let Some(row) = desk.world.table_mut(resource.table).get_mut(&written.key) {
        let mut all = lines_of(row);
        number(row.int("id"), &mut all);
        all.iter_mut().filter_map(Value::as_object_mut).for_each(work_out);
        row.set("lines", all);
    }
    Ok(written)
}

/// `POST /Invoice/{id}/void`
pub(crate) fn void(desk: &mut Desk<'_>, below: &'static Below, input: &Input<'_>) -> Result<Value, Refusal> {
    let key = Key::Int(input.id.parse().map_err(|_| Refusal::NotFound)?);
    let now = desk.now.clone();
    let table = desk.world.table_mut(below.resource.table);
    let row = table.get_mut(&key).ok_or(Refusal::NotFound)?;
    row.set("voided", true);
    row.set("last_modified", now);
    let row = row.clone();
    Ok(render::written(desk.world, below.resource, &row).into())
}

/// `POST /Invoice/updatelines`, `POST /RecurringInvoice/Lines`: each line names
/// its invoice by `ihid`; one with the `id` of a line changes it, any other is
/// new. The answer is the last line.
pub(crate) fn lines(desk: &mut Desk<'_>, below: &'static Below, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut last = Value::Null;
    for line in body::elements(input.body, desk.knobs.accept_bare_object)? {
        last = put_line(desk, below.resource, line)?;
    }
    Ok(last)
}

fn put_line(desk: &mut Desk<'_>, resource: &Resource, line: Map<String, Value>) -> Result<Value, Refusal> {
    let invoice = line.get("ihid").and_then(Value::as_i64).unwrap_or(0);
    let table = desk.world.table_mut(resource.table);
    let row = table.get_mut(&Key::Int(invoice)).ok_or(Refusal::NotFound)?;
    let mut all = lines_of(row);
    let wanted = line.get("id").and_then(Value::as_i64).filter(|id| *id > 0);
    let known = all.iter_mut().find(|known| wanted.is_some() && id_of(known) == wanted);
    let at = match (known.and_then(Value::as_object_mut), wanted) {
        (Some(known), _) => {
            let is_about_amounts =
                ["qty_order", "unit_price", "tax_rate"].iter().any(|name| line.contains_key(*name));
            if is_about_amounts {
                for amount in ["net_amount", "tax_amount"] {
                    known.remove(amount);
                }
            }
            known.extend(line);
            wanted
        }
        (None, Some(_)) => return Err(Refusal::NotFound),
        (None, None) => {
            all.push(line.into());
            None
        }
    };
    number(invoice, &mut all);
    all.iter_mut().filter_map(Value::as_object_mut).for_each(work_out);
    let written = all.iter().rfind(|line| at.is_none() || id_of(line) == at).cloned();
    row.set("lines", all);
    row.set("last_modified", desk.now.as_str());
    Ok(written.unwrap_or_default())
}

fn lines_of(row: &Row) -> Vec<Value> {
    row.get("lines").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn id_of(line: &Value) -> Option<i64> {
    line.get("id").and_then(Value::as_i64)
}

/// Works out the amounts that a line comes without [assumed].
fn work_out(line: &mut Map<String, Value>) {
    let number = |name: &str| line.get(name).and_then(Value::as_f64);
    let (Some(quantity), Some(price)) = (number("qty_order"), number("unit_price")) else { return };
    let net = quantity * price;
    let rate = number("tax_rate");
    line.entry("net_amount").or_insert_with(|| net.into());
    if let Some(rate) = rate {
        line.entry("tax_amount").or_insert_with(|| (net * rate / 100.0).into());
    }
}

/// Gives every line an id inside its invoice, and the id of the invoice. Those of a
/// recurring one, whose id is negative, say -1 as their `recurring_invoice_id`, too
/// (HAPI §10.8).
pub(crate) fn number(invoice: i64, lines: &mut [Value]) {
    let mut last = lines.iter().filter_map(id_of).max().unwrap_or(0);
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        if line.get("id").and_then(Value::as_i64).unwrap_or(0) <= 0 {
            last += 1;
            line.insert("id".to_owned(), last.into());
        }
        line.insert("ihid".to_owned(), invoice.into());
        if invoice < 0 {
            line.insert("recurring_invoice_id".to_owned(), (-1).into());
        }
    }
}
