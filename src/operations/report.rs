//! The rows of a report (HAPI §10.17).

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Item, Level, Object};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::Task;
use crate::catalogue::resource::{Resource, Verb};
use crate::client;
use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::input::{self, Input};
use crate::output;
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// Where HaloPSA ends a report, recorded on a live tenant: 135,148 rows were there.
const MAX_ROWS: usize = 50_000;

/// The status of a gateway that has waited long enough.
const GATEWAY_TIMEOUT: u16 = 504;

/// How long a report may run: longer than HaloPSA's own gateway waits, so that
/// its word is heard.
const PATIENCE: Duration = Duration::from_secs(90);

/// The statuses of a report that no repetition changes.
pub const FINAL_STATUSES: &[u16] = &[GATEWAY_TIMEOUT];

/// The request that runs a report.
pub fn request(resource: &'static Resource, input: &Input) -> ApiRequest {
    let mut request = ApiRequest::get(format!("{}/{}", resource.path, input.id.unwrap_or_default()))
        .needing(resource.scope(Verb::Get));
    let mut values = input.values.clone();
    if let Some(Value::Array(filters)) = values.get_mut("filters") {
        filters.iter_mut().for_each(complete);
        let filters = Value::Array(core::mem::take(filters)).to_string();
        values.insert("filters".to_string(), Value::String(filters));
    }
    request.query = input::to_query(&values);
    request.final_statuses = FINAL_STATUSES;
    request.first_byte = Some(PATIENCE);
    request.with("includedetails", true).with("loadreport", true).with("dontloadsystemreport", false)
}

/// HaloPSA wants the rule and a list of values.
fn complete(filter: &mut Value) {
    if let Value::Object(filter) = filter {
        filter.entry("stringruletype").or_insert(Value::from(0));
        let values = filter.entry("stringrulevalues").or_insert(Value::Array(Vec::new()));
        if !values.is_array() {
            *values = json!([values.take()]);
        }
    }
}

/// Runs a report, and gives a result for each row.
pub fn rows(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    if input.id.is_none() {
        return Err(
            NodeError::new(Code::InvalidValue, "The report must be given by its id.").with_field("id")
        );
    }
    let answer = task.client.send(&request(task.resource, input)).map_err(took_too_long)?;
    let mut rows = read(&answer)?;
    if rows.len() >= MAX_ROWS {
        let message = format!(
            "HaloPSA ends a report at {MAX_ROWS} rows without saying so: there may be more. Narrow the report with filters or a period."
        );
        task.say(Level::Warning, "halopsa.report-cut", message, index);
    }
    let most = input.list.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    if rows.len() > most {
        let message =
            format!("The limit gave {most} rows of {}. Use return_all for all of them.", rows.len());
        task.say(Level::Info, "halopsa.more-rows", message, index);
        rows.truncate(most);
    }
    let item = |row| {
        let mut row = output::without_unset_dates(Value::Object(row));
        task.redact(&mut row, index);
        Item::new(row)
    };
    Ok(rows.into_iter().map(item).collect())
}

/// HaloPSA's gateway gives a report about a minute. A second try runs the query
/// again and ends the same way.
fn took_too_long(error: NodeError) -> NodeError {
    if error.http_status() != Some(GATEWAY_TIMEOUT) {
        return error;
    }
    error
        .with_message("The report took longer than HaloPSA allows.")
        .with_advice("Narrow the report with filters or a period, or make its query faster in HaloPSA.")
        .with_kind(ErrorKind::Timeout)
        .with_retry(Retry::Never)
}

fn read(answer: &HttpResponse) -> Result<Vec<Object>> {
    let malformed = |why| answer::malformed(answer, why, Safety::Read);
    let mut body = envelope::record(client::json(answer, Safety::Read)?).map_err(malformed)?;
    let report = body.get_mut("report").map(Value::take).unwrap_or_default();
    let words = report.get("load_error").and_then(Value::as_str).map(text::clean);
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        return Err(NodeError::new(Code::Rejected, "HaloPSA could not run the report.")
            .with_advice("Open the report in HaloPSA; it shows the same error there.")
            .with_vendor_message(Some(words)));
    }
    let Value::Object(mut report) = report else {
        return Err(malformed("the report was not run"));
    };
    let rows = match report.remove("rows") {
        Some(Value::Array(rows)) => rows,
        // A report without rows.
        Some(Value::Null) => Vec::new(),
        _ => return Err(malformed("the report has no rows")),
    };
    rows.into_iter()
        .map(|row| match row {
            Value::Object(row) => Ok(row),
            _ => Err(malformed("a row of the report is no object")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn answer(body: &Value) -> HttpResponse {
        HttpResponse { status: 200, body: body.to_string().into_bytes(), ..HttpResponse::default() }
    }

    #[test]
    fn the_error_of_a_report_is_an_error() {
        let error = read(&answer(
            &json!({"id": 1, "report": {"load_error": "Invalid column name 'x'.", "rows": []}}),
        ))
        .unwrap_err();
        assert_eq!(
            (crate::error::code_of(&error), error.vendor_message()),
            (Code::Rejected, Some("Invalid column name 'x'."))
        );
        for nothing in [
            json!({"id": 1}),
            json!({"report": null}),
            json!({"report": {}}),
            json!({"report": {"rows": [1]}}),
        ] {
            assert_eq!(read(&answer(&nothing)).unwrap_err().kind(), ErrorKind::Protocol, "{nothing}");
        }
        assert_eq!(read(&answer(&json!({"report": {"load_error": "", "rows": null}}))).unwrap().len(), 0);
    }

    #[test]
    fn filters_take_the_form_that_halopsa_wants() {
        let (resource, operation) = crate::catalogue::find("report.run").unwrap();
        let filters = json!([{"fieldname": "Client", "stringrulevalues": "A"}]);
        let input = input::parse(resource, operation.verb, &json!({"id": 1, "filters": filters})).unwrap();
        let query = request(resource, &input).query;
        let filters = query.iter().find(|(name, _)| name == "filters").map(|(_, value)| value.as_str());
        assert_eq!(filters, Some(r#"[{"fieldname":"Client","stringruletype":0,"stringrulevalues":["A"]}]"#));
    }
}
