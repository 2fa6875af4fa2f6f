//! The body of a write: an array of objects (HAPI §4).

use serde_json::{Map, Value};

use super::Refusal;

/// Reads the elements of a write. A bare object is refused unless the switch
/// says that this build takes it (HAPI §4, conflict).
pub(crate) fn elements(body: &[u8], accept_bare: bool) -> Result<Vec<Map<String, Value>>, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|error| Refusal::ModelState {
        path: "$".to_owned(),
        message: format!("The JSON value could not be converted: {error}"),
    })?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(object) if accept_bare => return Ok(vec![object]),
        _ => return Err(Refusal::BareObject),
    };
    list.into_iter()
        .enumerate()
        .map(|(index, element)| match element {
            Value::Object(object) => Ok(object),
            _ => Err(Refusal::ModelState {
                path: format!("[{index}]"),
                message: "The JSON value could not be converted to an object.".to_owned(),
            }),
        })
        .collect()
}
