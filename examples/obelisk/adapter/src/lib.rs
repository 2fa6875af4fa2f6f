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

    use json_call::{Call, Context, Failure};
    use serde_json::{Value, json};

    mod bindings {
        #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated")]
        wit_bindgen::generate!({
            inline: "
                package example:halopsa;

                /// What workflows call.
                interface activity {
                    /// Why there is no result. Obelisk goes by the names of the cases.
                    variant activity-error {
                        /// Reserved for the engine: the adapter never returns it.
                        execution-failed,
                        /// It may work later, and nothing was changed. Holds a `node-error` as JSON.
                        transient(string),
                        /// It will not work, or something may have been changed. Holds a
                        /// `node-error` as JSON.
                        permanent-failure(string),
                    }

                    /// Runs an operation. `input` is a JSON object, or a list of them;
                    /// `cursor` is `next` of an earlier result.
                    run: func(operation: string, input: string, cursor: option<string>) -> result<string, activity-error>;
                }

                world adapter {
                    export activity;
                }
            ",
        });
        export!(Adapter with_types_in self);
        pub(crate) use self::exports::example::halopsa::activity;

        use super::Adapter;
    }

    use bindings::activity::{ActivityError, Guest};

    /// Credential fields and the environment variables that hold them.
    const FIELDS: [(&str, &str); 3] = [
        ("url", "HALOPSA_URL"),
        ("client_id", "HALOPSA_CLIENT_ID"),
        ("client_secret", "HALOPSA_CLIENT_SECRET"),
    ];

    struct Adapter;

    impl Guest for Adapter {
        fn run(operation: String, input: String, cursor: Option<String>) -> Result<String, ActivityError> {
            let fields = FIELDS
                .iter()
                .filter_map(|(field, variable)| Some(((*field).to_owned(), json!(env::var(variable).ok()?))));
            let call = Call {
                operation,
                // Text that is not JSON is refused as an item that is not an object.
                input: serde_json::from_str(&input).unwrap_or(Value::String(input)),
                connection: fields.collect(),
                context: Context { confirmed: Some(true), ..Context::default() },
                cursor,
            };
            call.run().map_err(|failure| match failure {
                Failure::Transient(error) => ActivityError::Transient(error),
                Failure::Permanent(error) => ActivityError::PermanentFailure(error),
            })
        }
    }
}
