//! An embeddable host for components of the interface `workflow:node`.
//!
//! A *node* is a WebAssembly component that talks to one web service: it
//! describes its operations and credentials, logs in, and runs operations on
//! items. It holds no state and may do nothing but send HTTP requests, to places
//! that its host opens. This crate is such a host, for any node of the contract
//! in `wit/`: give it the component's bytes and a person's credentials, and call.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use workflow_node_host::wit::types::Item;
//! use workflow_node_host::{
//!     Allocation, AuthMode, CallOptions, CompiledCache, ConnectionOptions, EgressPolicy, NodeHost,
//!     RateLimit, Reach, RequestEvent, RequestObserver, json,
//! };
//!
//! /// Is told every request, with no secret in it.
//! struct Audit;
//!
//! impl RequestObserver for Audit {
//!     fn observed(&self, event: &RequestEvent) {
//!         println!("{} {} {:?} in {:?}", event.method, event.url, event.status, event.elapsed);
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Once in a process: the engine, its limits, room for 200 calls at a time, and
//! // compiled code that outlives the process.
//! let host = NodeHost::builder()
//!     .memory_limit(64 << 20)
//!     .allocation(Allocation::Pooling { instances: 200 })
//!     .cache(CompiledCache::open("/var/cache/nodes")?)
//!     .build()?;
//!
//! // Once for each component, away from the runtime: it may have to be compiled. It
//! // is refused before that if it asks for more than a node may have; its manifest is
//! // there without running it.
//! let loader = host.clone();
//! let node = tokio::task::spawn_blocking(move || loader.load_file("todo_node.wasm")).await??;
//! println!("{}", node.manifest());
//!
//! // What it wants to reach besides the addresses that a person types: to be shown
//! // beside the form. What was accepted is stored with the credentials.
//! println!("{:?}", node.reach());
//! let accepted = Reach::accept(["https://auth.example.com"])?;
//!
//! // Once for each account. The component completes the fields without seeing a
//! // secret; what it wants to reach must have been typed or accepted, and be within
//! // the operator's policy. The host logs in and keeps secret and token to itself.
//! let fields = BTreeMap::from([
//!     ("url".to_owned(), "https://todo.example.com".to_owned()),
//!     ("api_key".to_owned(), std::env::var("TODO_KEY")?),
//! ]);
//! let options = ConnectionOptions {
//!     policy: EgressPolicy::allow(["https://*.example.com"])?,
//!     accepted,
//!     auth: AuthMode::Recipe,
//!     rate: Some(RateLimit { requests: 250, window: Duration::from_secs(300) }),
//!     observer: Some(Arc::new(Audit)),
//!     ..ConnectionOptions::default()
//! };
//! let connection = node.connect(fields, options).await?;
//!
//! // As often as there is work. Each call has an instance of its own; login, sockets
//! // and rate budget are shared.
//! let call = CallOptions {
//!     deadline: Duration::from_secs(30),
//!     confirmed: true,
//!     trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
//!     ..CallOptions::default()
//! };
//! let item = Item { json: r#"{"title": "Buy milk"}"#.to_owned(), attachments: vec![], sources: Vec::new() };
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
//!
//! // What a scraper gets.
//! println!("{}", host.metrics());
//!
//! // A newer build of the component: calls that run end with the old one.
//! let loader = host.clone();
//! let newer = tokio::task::spawn_blocking(move || loader.load_file("todo_node.wasm")).await??;
//! connection.reload(&newer).await?;
//!
//! // The end: no new calls, and time for those that run.
//! let left = host.shutdown(Duration::from_secs(30)).await;
//! println!("{left} calls were cut off");
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
//! | sends a request to another place than its own | the [egress rules](egress), which tell who can open it, and by which line |
//! | says in `prepare` that the service, or its login, is elsewhere | the same: what was typed or accepted counts, not what it wrote back |
//! | says something else in its manifest than when it is asked, or has two manifests | [`HostError::ManifestBroken`], [`HostError::Manifest`] |
//! | takes no notice of `read-only`, `allowed-operations` or `confirmed` | the host, which keeps them by the manifest and by the method of each request |
//! | loops for ever | other calls that go on beside it, and an end shortly after its deadline: kind `timeout` |
//! | allocates without end, or returns too much | a limit: kind `internal` |
//! | is large, or expensive to compile | a refusal at [`NodeHost::load`], with [what was counted](ComponentLimits) |
//! | makes the host hold things for it: headers, requests, streams | a limit of 1024 of them, and the memory limit, in which they count: kind `internal` |
//! | takes more than its share: calls at once, sockets, requests, bytes | [its connection's limits](ConnectionLimits), while its neighbours go on |
//! | leaves answers unread | a full window of its own; the HTTP/2 connection goes on for other calls |
//! | asks for names that nobody answers for | four lookups at a time, and no more threads than that |
//! | has more than 32 requests under way, answers that it does not read among them | a queue: the others wait for their turn |
//! | sends `CONNECT`, `TRACE` or `TRACK`, or headers that belong to the connection | a refusal |
//! | traps | kind `internal`, effect `unknown`, no backtrace |
//! | reads an answer without end, or one that unpacks without end | `HTTP-response-body-size` from `wasi:http` |
//! | sends more than the [rate budget](RateLimit) has | its turn, or the answer 429 with the time to wait |
//! | sends a placeholder to where no secret belongs | a refusal: kind `denied` |
//! | repeats what it was told, or talks without end | texts that are bounded, and in which known secrets are replaced |
//! | has one more page, again and again | an end at [`max_run_bytes`](NodeHostBuilder::max_run_bytes), with the cursor to go on from |
//!
//! # Who holds the secret
//!
//! With [`AuthMode::Component`] the component logs in by its `authenticate`; the
//! host keeps the session, logs in once for all calls that wait, and replaces a
//! session that died. With [`AuthMode::Placeholder`] it does the same with random
//! stand-ins for secret and token, which the host replaces in the places that the
//! credential spec declares. With [`AuthMode::Recipe`] the host runs the login that the
//! credential spec describes and adds the credential to each request: neither
//! secret nor token enters the sandbox.
//!
//! In every mode they go to the connection's [egress](Connection::egress) and nowhere
//! else: origins that a person typed, or that the embedder
//! [accepted](ConnectionOptions::accepted) for this component. The component chooses
//! among them and adds none. Where the host puts the client secret in, it goes to the
//! token URL that the recipe describes, filled from what was typed.
//!
//! In every mode no secret is in a
//! `Debug` output, an event, an error or a trace of this crate. Wasmtime, for its
//! part, traces what a guest passes to it, at the level `TRACE` and under the
//! targets `wasmtime*`: leave those off where logs are kept.
//!
//! # To run it
//!
//! `docs/hosting.md` is the page for operators: limits and their defaults, sizing,
//! metrics, upgrades. Each call is a span of `tracing` below the caller's W3C trace,
//! with its requests in it (the feature `otlp` exports them); any number of components
//! share a host.
//!
//! # What an embedder decides
//!
//! The host makes no policy of its own beyond safety: what was
//! [accepted](Reach), whether an operation was [confirmed](CallOptions::confirmed),
//! whether a failure is worth repeating (`retry` advises, `effect` says whether it is
//! safe), where completed fields are stored. It needs a running tokio runtime with time and
//! I/O.

mod addresses;
mod answers;
mod audience;
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
mod exports;
mod failure;
mod fold;
pub mod form;
mod held;
mod host;
mod http;
mod inspect;
pub mod json;
mod keyring;
mod limits;
mod links;
mod loading;
mod logs;
mod manifest;
mod metrics;
mod names;
mod network;
mod node;
mod options;
mod origin;
#[cfg(feature = "otlp")]
pub mod otlp;
mod outgoing;
#[cfg(test)]
mod page;
mod placeholders;
pub mod provider;
pub mod proxy;
mod quota;
mod reading;
mod recipe;
mod replay;
mod rules;
mod secrets;
mod serial;
mod session;
mod shutdown;
mod spelling;
mod template;
pub mod tls;
mod token;
mod trace;
mod triggers;

pub use bindings::wit;
pub use budget::RateLimit;
pub use cache::CompiledCache;
pub use connection::{Connection, Revoked};
pub use egress::{EgressPolicy, Reach};
pub use error::{CallError, HostError, Stop};
pub use events::{RequestEvent, RequestObserver};
pub use exports::VERSIONS;
pub use fold::{Folded, FoldedItem, Progress};
pub use host::{Allocation, NodeHost, NodeHostBuilder};
pub use inspect::{ComponentLimits, Counts};
pub use links::LinkPolicy;
pub use loading::{Digest, DigestError};
pub use names::{Resolver, Resolving};
pub use node::{Node, refused_imports};
pub use options::{AuthMode, CallOptions, ConnectionOptions};
pub use provider::{
    EnvironmentSecrets, FileSecrets, MemorySecrets, ProviderError, Providing, SecretProvider, SecretSource,
};
pub use proxy::{Proxy, Route};
pub use quota::ConnectionLimits;
pub use secrets::Secret;
pub use tls::Tls;
pub use triggers::signing_secret;
