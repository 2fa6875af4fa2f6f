//! Making a connection: completing credentials and signing in (HAPI 2, 3).
//! Whether it will work is answered by [`check`](crate::check).

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use crate::auth;
use crate::client::Client;
use crate::contract::{
    CallContext, Connection, ConnectionAuth, Diagnostic, Fields, Level, Prepared, Session,
};
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, NodeError, Result};
use crate::transport::Transport;

/// Cleans and completes the form. Asks the instance about itself, where a
/// person left something to be found out.
pub fn prepare(transport: &mut dyn Transport, context: &CallContext, fields: &Fields) -> Result<Prepared> {
    let credentials = Credentials::parse(fields)?;
    credentials.client_id()?;
    let mut client = Client::new(transport, context, credentials, &ConnectionAuth::SelfManaged);
    let mut diagnostics = vec![];
    if client.credentials.lacks_something()
        && !context.dry_run
        && let Some(problem) = client.discover()?
    {
        // Where nobody answers, no address is of any use.
        if matches!(problem.get_code(), Code::EgressDenied | Code::Unreachable | Code::Timeout) {
            return Err(problem);
        }
        diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.not-discovered",
            message: format!(
                "The instance could not be asked where to sign in, so the usual address is taken. {}",
                problem.get_message()
            ),
            item_index: None,
        });
    }
    let credentials = &client.credentials;
    let auth_url = credentials.sign_in_url();
    let mut egress = vec![endpoints::origin(&credentials.resource_url), endpoints::origin(&auth_url)];
    egress.dedup();
    Ok(Prepared {
        fields: credentials.to_fields(),
        egress,
        token_url: auth::token_url(&auth_url, credentials.tenant.as_deref()).to_string(),
        usage: client.usage(),
        diagnostics,
    })
}

/// Signs in.
pub fn authenticate(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
) -> Result<Session> {
    let credentials = Credentials::parse(&connection.fields)?;
    let mut client = Client::new(transport, context, credentials, &ConnectionAuth::SelfManaged);
    client.sign_in()?;
    client
        .session()
        .cloned()
        .ok_or_else(|| NodeError::new(Code::Internal, "The session got lost inside the node."))
}
