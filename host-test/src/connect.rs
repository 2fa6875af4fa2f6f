//! From a component file and a credentials file to a connection.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use workflow_node_host::{
    CallOptions, CompiledCache, Connection, ConnectionOptions, EgressPolicy, LinkPolicy, Node, NodeHost,
};

use crate::artifacts;
use crate::cli::{ComponentArgs, ConnectionArgs};
use crate::console::Console;
use crate::credentials;

/// The component that a command works with: the named one, or that of this
/// tree.
pub fn component_file(args: &ComponentArgs) -> Result<PathBuf> {
    match &args.component {
        Some(file) => Ok(file.clone()),
        None => artifacts::halopsa_node(),
    }
}

/// Loads the component that a command works with.
pub fn load(args: &ComponentArgs) -> Result<Node> {
    load_file(&component_file(args)?, args)
}

/// The same where the file is known already.
pub fn load_file(file: &Path, args: &ComponentArgs) -> Result<Node> {
    let mut host = NodeHost::builder();
    if let Some(folder) = &args.cache {
        host = host.cache(CompiledCache::open(folder)?);
    }
    host.build()?.load_file(file).with_context(|| format!("the component {} cannot be used", file.display()))
}

/// Makes the connection that the arguments describe.
pub async fn connect(node: &Node, args: &ConnectionArgs, console: &Console) -> Result<Connection> {
    connect_with(node, args, console, LinkPolicy::default()).await
}

/// The same where attachment links may be followed.
pub async fn connect_with(
    node: &Node,
    args: &ConnectionArgs,
    console: &Console,
    links: LinkPolicy,
) -> Result<Connection> {
    let mut fields = credentials::read(&args.credentials)?;
    let form = node.credential_schema().await?;
    // Another node may have no such field, and would refuse an unknown one.
    if form.fields.iter().any(|field| field.name == credentials::SECRET_FIELD) {
        credentials::add_secret(&mut fields, env::var(credentials::SECRET_VARIABLE).ok());
    }
    let connection = node.connect(fields, ConnectionOptions { links, ..options(args, console) }).await?;
    console.diagnostics(connection.diagnostics());
    Ok(connection)
}

/// How calls are made for a person who typed the operation's name.
#[must_use]
pub fn call_options(args: &ConnectionArgs) -> CallOptions {
    CallOptions { deadline: args.timeout, confirmed: true, ..CallOptions::default() }
}

fn options(args: &ConnectionArgs, console: &Console) -> ConnectionOptions {
    ConnectionOptions {
        policy: EgressPolicy::default().allow_private(args.allow_private),
        auth: args.login.into(),
        rate: args.rate,
        observer: console.observer(),
        ca_file: args.ca_file.clone(),
        deadline: args.timeout,
        ..ConnectionOptions::default()
    }
}
