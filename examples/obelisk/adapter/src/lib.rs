//! An activity for Obelisk around a workflow node.
//!
//! Obelisk stores the arguments of each call, so credentials must not be among
//! them. It hands secrets to a component as environment variables that hold
//! placeholders, and puts the real values into requests to the hosts that the
//! deployment allows. A node imports no environment; this adapter reads it and
//! passes the placeholders on.

#[cfg(target_arch = "wasm32")]
mod activity {
    use std::env;
    use std::time::SystemTime;

    use jiff::Timestamp;
    use serde_json::{Map, Value, json};

    mod bindings {
        #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated")]
        wit_bindgen::generate!({
            path: "../../../wit",
            inline: "
                package example:halopsa;

                /// What workflows call.
                interface activity {
                    use workflow:node/flat@0.1.0.{flat-error};

                    /// Runs an operation: `flat.invoke` without connection and context.
                    run: func(operation: string, input: string, cursor: option<string>) -> result<string, flat-error>;
                }

                world adapter {
                    import workflow:node/flat@0.1.0;
                    export activity;
                }
            ",
            generate_all,
        });
        export!(Adapter with_types_in self);
        pub(crate) use self::exports::example::halopsa::activity;
        pub(crate) use self::workflow::node::flat;

        use super::Adapter;
    }

    use bindings::flat::{FlatError, invoke};

    /// Credential fields and the environment variables that hold them.
    const FIELDS: [(&str, &str); 3] = [
        ("url", "HALOPSA_URL"),
        ("client_id", "HALOPSA_CLIENT_ID"),
        ("client_secret", "HALOPSA_CLIENT_SECRET"),
    ];

    struct Adapter;

    impl bindings::activity::Guest for Adapter {
        fn run(operation: String, input: String, cursor: Option<String>) -> Result<String, FlatError> {
            let connection: Map<String, Value> = FIELDS
                .iter()
                .filter_map(|(field, variable)| Some(((*field).to_owned(), json!(env::var(variable).ok()?))))
                .collect();
            let connection = Value::Object(connection).to_string();
            let context = json!({ "now": now(), "confirmed": true }).to_string();
            invoke(&connection, &context, &operation, &input, cursor.as_deref())
        }
    }

    fn now() -> String {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
        Timestamp::from_second(seconds).unwrap_or_default().to_string()
    }
}
