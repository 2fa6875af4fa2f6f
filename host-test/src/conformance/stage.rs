//! Connections to try a component with.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use workflow_node_host::form::{CredentialField, CredentialSpec, FieldKind};
use workflow_node_host::{CallError, CallOptions, Connection, ConnectionOptions, Node};

use crate::connect::fit_to_form;
use crate::console::Console;
use crate::credentials::Fields;

/// A real account at the service.
#[derive(Clone)]
pub struct Account {
    /// What a person typed.
    pub fields: Fields,
    /// How it is reached.
    pub options: ConnectionOptions,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The fields hold secrets.
        f.debug_struct("Account").field("options", &self.options).finish_non_exhaustive()
    }
}

/// How long any call may take. A component that loops for ever is stopped by
/// its host, and that is a finding like any other.
const DEADLINE: Duration = Duration::from_secs(10);

/// How calls are made.
#[must_use]
pub fn call_options() -> CallOptions {
    CallOptions { deadline: DEADLINE, confirmed: true, ..CallOptions::default() }
}

/// A connection of invented credentials to a server that knows nothing.
pub(super) struct Offline {
    pub(super) connection: Connection,
    server: AbortHandle,
}

impl Drop for Offline {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Connects to a server on this machine that answers everything with 404 and
/// an empty object: some components look for what an address offers before
/// they accept it.
pub(super) async fn offline(node: &Node) -> anyhow::Result<Offline> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(serve(listener)).abort_handle();
    let fields = invented(node.credential_schema().await?, &url);
    let options = ConnectionOptions { deadline: DEADLINE, ..ConnectionOptions::default() };
    match node.connect(fields, options).await {
        Ok(connection) => Ok(Offline { connection, server }),
        Err(error) => {
            server.abort();
            Err(error.into())
        }
    }
}

/// Connects to the service.
pub(super) async fn connect(node: &Node, account: &Account) -> Result<Connection, CallError> {
    let mut fields = account.fields.clone();
    fit_to_form(&mut fields, node.credential_schema().await?, &Console::stderr(false));
    node.connect(fields, account.options.clone()).await
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

/// Answers the first request of a connection and closes it; a connection that
/// breaks is the client's affair.
async fn answer(mut stream: TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\
        content-length: 2\r\nconnection: close\r\n\r\n{}";
    let mut request = [0_u8; 4096];
    if stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
        let _ = stream.write_all(ANSWER).await;
        let _ = stream.shutdown().await;
    }
}

/// Something for every field that a person must fill in.
fn invented(spec: &CredentialSpec, url: &str) -> Fields {
    let wanted = |field: &&CredentialField| field.required && field.shown_when.is_empty();
    spec.fields.iter().filter(wanted).map(|field| (field.name.clone(), value(field, url))).collect()
}

fn value(field: &CredentialField, url: &str) -> String {
    if let Some(value) = &field.default_value {
        return value.clone();
    }
    let first = || field.choices.first().map(|choice| choice.value.clone()).unwrap_or_default();
    match field.kind {
        FieldKind::Url => url.to_owned(),
        FieldKind::Integer | FieldKind::Number => "1".to_owned(),
        FieldKind::Boolean => "false".to_owned(),
        FieldKind::Choice | FieldKind::Choices => first(),
        FieldKind::Date => "2026-03-01".to_owned(),
        FieldKind::KeyValue | FieldKind::Json => "{}".to_owned(),
        FieldKind::Notice => String::new(),
        _ => "conformance".to_owned(),
    }
}
