//! A node that uses what the standard library offers and a host refuses: environment,
//! clock of the day, randomness, files, streams. It is there for the tests of
//! `host-test pack`; its operations say what is left of each.

#[cfg(target_arch = "wasm32")]
mod guest {
    use std::collections::HashMap;
    use std::collections::hash_map::RandomState;
    use std::env;
    use std::fs;
    use std::hash::BuildHasher as _;
    use std::time::{SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};

    mod bindings {
        #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated")]
        wit_bindgen::generate!({
            inline: "
                package std:guest;
                world std-guest {
                    include workflow:node/minimal-node@0.2.0;
                    include workflow:packing/packable@0.1.0;
                }
            ",
            path: ["../../wit", "../../guest/wit"],
            generate_all,
        });
        export!(StdNode with_types_in self);

        use super::StdNode;
    }

    use bindings::exports::workflow::node::node::{Execution, Guest, Outcome};
    use bindings::exports::workflow::node::types::{
        CallContext, Connection, Effect, ErrorKind, Item, NodeError, Report, Retry, Session, Usage,
    };
    use bindings::exports::workflow::packing::manifest;

    struct StdNode;

    impl manifest::Guest for StdNode {
        fn manifest() -> Result<String, String> {
            let operation = |id: &str| {
                json!({
                    "id": id, "title": id, "description": "Tries a part of the standard library.",
                    "annotations": {
                        "read_only": true, "destructive": false, "idempotent": true, "paginated": false,
                    },
                    "input": { "type": "object" }, "output": { "type": "object" },
                    "examples": [{ "title": id, "input": {} }],
                })
            };
            Ok(json!({
                "contract": "workflow:node@0.2.0", "name": "std", "title": "Standard library", "version": "1",
                "description": "Uses the standard library.", "license": "MIT", "lists": [], "triggers": [],
                "credentials": credentials(),
                "operations": Value::from(["std.look", "std.print", "std.exit"].map(operation).to_vec()),
            })
            .to_string())
        }
    }

    fn credentials() -> Value {
        json!({ "auth_recipe": "none", "egress": [] })
    }

    impl Guest for StdNode {
        fn credential_schema() -> String {
            credentials().to_string()
        }

        fn authenticate(_: CallContext, _: Connection) -> Result<Session, NodeError> {
            Err(NodeError {
                kind: ErrorKind::Unsupported,
                code: "std.no-login".to_owned(),
                message: "There is nothing to log in to.".to_owned(),
                advice: None,
                field: None,
                http_status: None,
                vendor_message: None,
                effect: Effect::None,
                retry: Retry::Never,
                details: None,
            })
        }

        fn execute(
            _: CallContext,
            _: Connection,
            operation: String,
            items: Vec<Item>,
            _: Option<String>,
        ) -> Result<Execution, NodeError> {
            match operation.as_str() {
                "std.print" => println!("printed"),
                "std.exit" => std::process::exit(1),
                _ => {}
            }
            let result = Item { json: look().to_string(), attachments: Vec::new(), sources: Vec::new() };
            let usage = Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 };
            Ok(Execution {
                outcomes: items.iter().map(|_| Outcome::Done(vec![result.clone()])).collect(),
                next: None,
                resume_after_ms: None,
                report: Report { session: None, usage, diagnostics: Vec::new() },
            })
        }
    }

    /// What the standard library says of the world.
    fn look() -> Value {
        let words: HashMap<&str, usize> = ["a", "b", "c"].into_iter().zip(1..).collect();
        json!({
            "arguments": env::args().count(),
            "variables": env::vars().count(),
            "seconds": SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            "hash": RandomState::new().hash_one("x"),
            "words": words.values().sum::<usize>(),
            "file": fs::read_to_string("/etc/passwd").err().map(|error| error.kind().to_string()),
        })
    }
}
