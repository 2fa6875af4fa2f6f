//! Turns `--items` and `--param` into the input of a call.
//!
//! Only the outer shape is looked at; whether an input suits its operation is
//! for the component to say.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};
use workflow_node_host::wit::types::Item;

use crate::files;

/// A JSON object.
pub type Object = Map<String, Value>;

/// Reads the inputs of a call. Without a file there is one, made of the
/// parameters alone.
pub fn inputs(file: Option<&Path>, params: &[String]) -> Result<Vec<Object>> {
    let inputs = match file {
        None => vec![Object::new()],
        Some(file) => {
            let name = if is_stdin(file) {
                "stdin".to_owned()
            } else {
                format!("the items file {}", file.display())
            };
            let text = read(file).with_context(|| format!("{name} cannot be read"))?;
            parse(&text).with_context(|| format!("{name} is not usable"))?
        }
    };
    let params = parse_params(params)?;
    Ok(inputs
        .into_iter()
        .map(|mut input| {
            input.extend(params.clone());
            input
        })
        .collect())
}

/// The items of a call. Where the operation takes files, `attachments` of an
/// input are the files beside it; elsewhere they are a field like any other.
pub fn items(inputs: Vec<Object>, takes_files: bool) -> Result<Vec<Item>> {
    let with_files = |(at, mut input): (usize, Object)| {
        let attachments = if takes_files { files::take(&mut input) } else { Ok(Vec::new()) };
        let attachments = attachments.with_context(|| format!("item {at}"))?;
        Ok(Item { attachments, ..item(input) })
    };
    inputs.into_iter().enumerate().map(with_files).collect()
}

/// An item without attachments.
pub fn item(input: Object) -> Item {
    Item { json: Value::Object(input).to_string(), attachments: Vec::new(), sources: Vec::new() }
}

/// Reads `KEY=JSON` arguments. A value that is not JSON is text, so that
/// nobody has to quote twice.
pub fn parse_params(params: &[String]) -> Result<Object> {
    let mut object = Object::new();
    for param in params {
        let Some((key, value)) = param.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            bail!("--param {param}: write it as KEY=VALUE");
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        object.insert(key.to_owned(), value);
    }
    Ok(object)
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn read(file: &Path) -> io::Result<String> {
    if is_stdin(file) {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        Ok(text)
    } else {
        fs::read_to_string(file)
    }
}

fn parse(text: &str) -> Result<Vec<Object>> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).context("it is not JSON")?;
    let values = match value {
        Value::Array(values) => values,
        value => vec![value],
    };
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| match value {
            Value::Object(object) => Ok(object),
            _ => bail!("item {index} must be a JSON object"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(texts: &[&str]) -> Value {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Value::Object(parse_params(&texts).unwrap())
    }

    #[test]
    fn a_parameter_is_json_or_else_text() {
        assert_eq!(
            params(&["a=1", "b=true", "c=[1,2]", "d=Printer on fire", "e=\"7\""]),
            json!({"a":1,"b":true,"c":[1,2],"d":"Printer on fire","e":"7"})
        );
        assert_eq!(params(&["query=a=b", "empty="]), json!({"query":"a=b","empty":""}));
    }

    #[test]
    fn a_parameter_without_a_key_is_refused() {
        for text in ["summary", "=1"] {
            let error = parse_params(&[text.to_owned()]).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn one_object_is_one_item() {
        assert_eq!(parse("{\"id\":1}").unwrap().len(), 1);
        assert_eq!(parse("[{\"id\":1},{\"id\":2}]").unwrap().len(), 2);
        assert_eq!(parse("[]").unwrap().len(), 0);
    }

    #[test]
    fn an_item_must_be_an_object() {
        let error = parse("[{},7]").unwrap_err();
        assert!(error.to_string().contains("item 1"), "{error}");
    }

    #[test]
    fn parameters_go_into_every_item() {
        let items = items(inputs(None, &["summary=Hello".to_owned()]).unwrap(), false).unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].json, r#"{"summary":"Hello"}"#);
    }

    #[test]
    fn attachments_are_files_only_where_files_are_taken() {
        let input =
            || inputs(None, &[r#"attachments=[{"name":"a","data_base64":"aGk="}]"#.to_owned()]).unwrap();
        let beside = items(input(), true).unwrap();
        assert_eq!((beside[0].json.as_str(), beside[0].attachments.len()), ("{}", 1));
        let inside = items(input(), false).unwrap();
        assert!(inside[0].json.contains("aGk=") && inside[0].attachments.is_empty());
    }
}
