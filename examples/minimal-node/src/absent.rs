//! The interfaces that the node exports because it must, and does not offer.

use alloc::string::{String, ToString};

use serde_json::json;

use crate::bindings::types::{CallContext, Connection};
use crate::bindings::{flat, lookup, triggers};
use crate::node::{Answer, Todo, unsupported};

macro_rules! unsupported {
    ($($name:ident($($input:ty),*) -> $output:ty;)*) => {$(
        fn $name(_: CallContext, _: Connection, $(_: $input),*) -> Answer<$output> {
            Err(unsupported())
        }
    )*};
}

// No operation has a field to choose a value for.
impl lookup::Guest for Todo {
    unsupported! {
        options(String, String, Option<String>, Option<String>) -> lookup::Entries;
    }
}

// The service tells nobody what happens there.
impl triggers::Guest for Todo {
    unsupported! {
        poll(String, String, Option<String>) -> triggers::Polled;
        subscribe(String, String, triggers::Endpoint, Option<String>) -> triggers::Subscription;
        unsubscribe(String, String, String) -> triggers::Unsubscribed;
        receive(String, String, triggers::Endpoint, String, triggers::Delivery) -> triggers::Received;
    }
}

// It can do nothing that `node` cannot, and to read and write every record as
// JSON would be the longest part of this example.
impl flat::Guest for Todo {
    fn invoke(
        _: String,
        _: String,
        _: String,
        _: String,
        _: Option<String>,
    ) -> Result<String, flat::FlatError> {
        let error = unsupported();
        let (code, message) = (error.code, error.message);
        let error = json!({
            "kind": "unsupported", "code": code, "message": message, "effect": "none", "retry": "never",
        });
        Err(flat::FlatError::PermanentFailure(error.to_string()))
    }
}
