//! From a component file and a credentials file to a connection.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use halopsa_node::credentials::form::EGRESS;
use workflow_node_host::form::CredentialSpec;
use workflow_node_host::{
    CallOptions, CompiledCache, ComponentLimits, Connection, ConnectionOptions, EgressPolicy, LinkPolicy,
    Node, NodeHost, Reach, Tls,
};

use crate::artifacts;
use crate::cli::{ComponentArgs, ConnectionArgs};
use crate::console::Console;
use crate::credentials::{self, Fields};
use crate::session::{Pauses, Session};

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
    host(args)?.load_file(file).with_context(|| format!("the component {} cannot be used", file.display()))
}

/// A host that keeps what it compiles where the arguments say.
pub fn host(args: &ComponentArgs) -> Result<NodeHost> {
    let mut host = NodeHost::builder().component_limits(component_limits());
    if let Some(cache) = cache(args)? {
        host = host.cache(cache);
    }
    Ok(host.build()?)
}

/// Components that a whole CPython is in are larger than a host takes unless told.
fn component_limits() -> ComponentLimits {
    ComponentLimits { bytes: 32 << 20, ..ComponentLimits::default() }
}

/// Where compiled components are kept: the named folder, or else one of the user's
/// own, as far as it can be used.
fn cache(args: &ComponentArgs) -> Result<Option<CompiledCache>> {
    if args.no_cache {
        return Ok(None);
    }
    if let Some(folder) = &args.cache {
        return Ok(Some(CompiledCache::open(folder)?));
    }
    let Some(folder) = cache_folder(&|name| env::var_os(name)) else { return Ok(None) };
    match CompiledCache::open(&folder) {
        Ok(cache) => Ok(Some(cache)),
        Err(error) => {
            // Stderr is not there for everybody, and the command goes on all the same.
            let _ = writeln!(io::stderr(), "compiled components are not kept: {error}");
            Ok(None)
        }
    }
}

/// The folder for compiled components among the caches of the user, by the habits of
/// the system. `None` where there is none.
fn cache_folder(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let caches = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    Some(caches?.join("workflow-node"))
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
    fit_to_form(&mut fields, form, console);
    let options = ConnectionOptions { links, ..options(args, console)? };
    let connection = node.connect(fields, options).await?;
    console.diagnostics(connection.diagnostics());
    Ok(connection)
}

/// Fills in secrets of the environment, and takes out what the form does not have, and
/// says so.
pub(crate) fn fit_to_form(fields: &mut Fields, form: &CredentialSpec, console: &Console) {
    credentials::add_secrets(fields, form, &|name| env::var(name).ok());
    let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    let strangers = credentials::take_strangers(fields, &names);
    if !strangers.is_empty() {
        let strangers = strangers.join(", ");
        console.note(format_args!(
            "the credentials file has more than the form asks for, which is ignored: {strangers}"
        ));
    }
}

/// How calls are made for a person who typed the operation's name.
#[must_use]
pub fn call_options(args: &ConnectionArgs) -> CallOptions {
    CallOptions { deadline: args.timeout, confirmed: true, ..CallOptions::default() }
}

/// Calls that a person waits for, who is told when they pause.
#[must_use]
pub fn session(connection: Connection, args: &ConnectionArgs, console: &Console) -> Session {
    let (console, rate) = (*console, args.rate);
    let pauses = Pauses::tell(move |wait| console.pause(wait, rate));
    Session { connection, call: call_options(args), pauses }
}

/// What a component may reach besides typed addresses: Halo's own domains, under which
/// the sign-in of an instance may be, and what the person accepted by hand.
///
/// # Errors
/// A pattern that does not parse, or leaves open whose hosts it names.
pub fn accepted(by_hand: &[String]) -> Result<Reach> {
    let halo = EGRESS.iter().copied().filter(|pattern| !pattern.starts_with('{'));
    Ok(Reach::accept(halo.chain(by_hand.iter().map(String::as_str)))?)
}

/// Trust in the public certificate authorities, and in those of a PEM file.
///
/// # Errors
/// A file that cannot be read, or has none in it.
pub fn tls(ca_file: Option<&Path>) -> Result<Tls> {
    let Some(path) = ca_file else { return Ok(Tls::default()) };
    let pem = fs::read(path).with_context(|| path.display().to_string())?;
    Tls::default().trust(&pem).with_context(|| path.display().to_string())
}

fn options(args: &ConnectionArgs, console: &Console) -> Result<ConnectionOptions> {
    Ok(ConnectionOptions {
        policy: EgressPolicy::default()
            .allow_private(args.allow_private)
            .allow_networks(&args.allow_network)?,
        accepted: accepted(&args.accept)?,
        auth: args.login.into(),
        rate: args.rate,
        observer: console.observer(),
        tls: tls(args.ca_file.as_deref())?,
        deadline: args.timeout,
        ..ConnectionOptions::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halos_domains_are_what_the_component_reaches_for() -> Result<()> {
        let args = ComponentArgs { component: None, cache: None, no_cache: false };
        let shown: Vec<&str> = EGRESS.iter().copied().filter(|pattern| !pattern.starts_with('{')).collect();
        assert_eq!(load(&args)?.reach(), shown);
        accepted(&["https://auth.example.com".to_owned()])?;
        assert!(accepted(&["*.com".to_owned()]).is_err());
        Ok(())
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn compiled_components_are_kept_among_the_users_caches() {
        let with = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            cache_folder(&find)
        };
        assert_eq!(with(&[("HOME", "/home/a")]), Some("/home/a/.cache/workflow-node".into()));
        let both = [("HOME", "/home/a"), ("XDG_CACHE_HOME", "/var/cache/a")];
        assert_eq!(with(&both), Some("/var/cache/a/workflow-node".into()));
        // The specification has relative ones ignored.
        assert_eq!(
            with(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "x")]),
            Some("/home/a/.cache/workflow-node".into())
        );
        assert_eq!(with(&[]), None);
    }
}
