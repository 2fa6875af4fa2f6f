//! An embeddable host for components of the contract `workflow:node`.
//!
//! A *node* is a WebAssembly component that talks to one web service: it
//! describes its operations and credentials, logs in, and runs operations on
//! items. It holds no state and may do nothing but send HTTP requests, to places
//! that its host opens. This crate is such a host, for any node of the contract
//! in `wit/`: give it the component's bytes and a person's credentials, and call.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use workflow_node_host::wit::types::Item;
//! use workflow_node_host::{CallOptions, ConnectionOptions, EgressPolicy, NodeHost, json};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Once in a process: engine, limits, and the clock that stops endless loops.
//! let host = NodeHost::builder().memory_limit(128 << 20).build()?;
//!
//! // Once for each component. It is refused here if it asks for more than a
//! // node may have; its manifest is there without running it.
//! let node = host.load_file("todo_node.wasm")?;
//! println!("{}", node.manifest());
//!
//! // Once for each account. The component completes the fields without seeing
//! // a secret; what it wants to reach must be within the operator's policy.
//! let fields = BTreeMap::from([
//!     ("url".to_owned(), "https://todo.example.com".to_owned()),
//!     ("api_key".to_owned(), std::env::var("TODO_KEY")?),
//! ]);
//! let options = ConnectionOptions {
//!     policy: EgressPolicy::allow(["https://*.example.com"])?,
//!     ..ConnectionOptions::default()
//! };
//! let connection = node.connect(fields, options).await?;
//!
//! // As often as there is work. Each call has an instance of its own; session
//! // and network connections are shared.
//! let call = CallOptions { confirmed: true, ..CallOptions::default() };
//! let item = Item { json: r#"{"title": "Buy milk"}"#.to_owned(), attachments: vec![], source_index: None };
//! let folded = connection
//!     .execute_all("todo.add", &[item], &call, &mut |progress| println!("{progress:?}"))
//!     .await?;
//! for outcome in &folded.outcomes {
//!     match &outcome.error {
//!         None => println!("{} results", outcome.items.len()),
//!         // The same form for a refused field, a lost answer and a trap.
//!         Some(error) => println!("{}", json::node_error(error)),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # From the outside in
//!
//! [`NodeHost`] → [`Node`] → [`Connection`] → calls. What was found out once is
//! kept at the outermost place where it holds: compiled code in the node,
//! session, policy and network connections in the connection, nothing in the
//! instance, which lives for one call.
//!
//! | a guest that… | meets |
//! |---|---|
//! | imports a file system, a socket, an environment | a refusal at [`NodeHost::load`], by name |
//! | sends a request to another place than its own | the [egress policy](egress), which tells the operator what to add |
//! | loops for ever | other calls that go on beside it, and an end shortly after its deadline: kind `timeout` |
//! | allocates without end, or returns too much | a limit: kind `internal` |
//! | makes the host hold things for it: headers, requests, streams | a limit of 1024 of them: kind `internal` |
//! | begins more than 32 requests at the same time | a queue: the others wait for their turn |
//! | sends `CONNECT` or `TRACE`, or headers that belong to the connection | a refusal |
//! | traps | kind `internal`, effect `unknown`, no backtrace |
//! | reads an answer without end, or one that unpacks without end | `HTTP-response-body-size` from `wasi:http` |
//! | sends more than the [rate budget](RateLimit) has | its turn, or the answer 429 with the time to wait |
//! | sends a placeholder to where no secret belongs | a refusal: kind `denied` |
//! | repeats what it was told | texts in which known secrets are replaced |
//!
//! # Who holds the secret
//!
//! With [`AuthMode::Component`] the component logs in by its `authenticate`; the
//! host keeps the session, logs in once for all calls that wait, and replaces a
//! session that died. With [`AuthMode::Placeholder`] it does the same with random
//! stand-ins for secret and token, which the host replaces in the places that the
//! credential spec declares. With [`AuthMode::Recipe`] the host runs the login that the
//! credential spec describes and adds the credential to each request: neither
//! secret nor token enters the sandbox; it goes to the connection's
//! [egress](Connection::egress) and nowhere else. In every mode no secret is in a
//! `Debug` output, an event, an error or a trace of this crate. Wasmtime, for its
//! part, traces what a guest passes to it, at the level `TRACE` and under the
//! targets `wasmtime*`: leave those off where logs are kept.
//!
//! # To run it
//!
//! Compiled code is kept in a [`CompiledCache`], and [`Allocation::Pooling`] makes
//! instances start faster. [`NodeHost::metrics`] is OpenMetrics text; each call is a
//! span of `tracing` below the caller's W3C trace. [`NodeHost::shutdown`] lets
//! running calls end, [`Connection::reload`] goes on with a newer build of a
//! component, and any number of components share a host.
//!
//! # What an embedder decides
//!
//! The host makes no policy of its own beyond safety: whether a destructive
//! operation was [confirmed](CallOptions::confirmed), whether a failure is worth
//! repeating (`retry` advises, `effect` says whether it is safe), where
//! completed fields are stored. It needs a running tokio runtime with time and
//! I/O.

mod addresses;
mod answers;
mod auth;
mod bindings;
mod body;
mod budget;
mod cache;
mod call;
mod calls;
mod client;
mod connection;
mod connector;
mod context;
mod credentials;
mod decode;
pub mod egress;
mod error;
mod events;
mod failure;
mod fold;
mod host;
mod http;
pub mod json;
mod limits;
mod links;
mod manifest;
mod metrics;
mod node;
mod options;
mod origin;
mod placeholders;
mod recipe;
mod replay;
mod secrets;
mod serial;
mod session;
mod shutdown;
mod template;
mod token;
mod trace;
mod triggers;

pub use bindings::wit;
pub use budget::RateLimit;
pub use cache::CompiledCache;
pub use connection::Connection;
pub use egress::EgressPolicy;
pub use error::{CallError, HostError, Stop};
pub use events::{RequestEvent, RequestObserver};
pub use fold::{Folded, FoldedItem, Progress};
pub use host::{Allocation, NodeHost, NodeHostBuilder};
pub use links::LinkPolicy;
pub use node::Node;
pub use options::{AuthMode, CallOptions, ConnectionOptions};
pub use triggers::signing_secret;
