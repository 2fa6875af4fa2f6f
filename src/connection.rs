//! Making a connection: completing credentials and signing in (HAPI §2, 3).
//! Whether it will work is answered by [`check`](crate::check).

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use workflow_node_sdk::interface::{
    CallContext, Connection, ConnectionAuth, Diagnostic, Fields, Level, Prepared, Session,
};
use workflow_node_sdk::transport::Transport;

use crate::auth;
use crate::client::Client;
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, NodeError, Result};

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
        if [Code::EgressDenied, Code::Unreachable, Code::Timeout]
            .into_iter()
            .any(|code| problem.code() == code)
        {
            return Err(problem);
        }
        diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.not-discovered",
            message: format!(
                "The instance could not be asked where to sign in, so the usual address is taken. {}",
                problem.message()
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
        token_url: Some(auth::token_url(&auth_url, credentials.tenant.as_deref()).to_string()),
        report: client.report(diagnostics),
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

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::time::Duration;

    use super::*;
    use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits};
    use workflow_node_sdk::transport::Exchange;

    /// A server with an application at the root, and nothing below pages.
    struct Desk {
        asked: Vec<String>,
        authinfo: &'static str,
    }

    impl Transport for Desk {
        fn send_all(&mut self, requests: &[HttpRequest], _: &Limits) -> Vec<Exchange> {
            let answer = |request: &HttpRequest| {
                self.asked.push(request.url.path().to_string());
                let (status, body) = match request.url.path() {
                    "/api/authinfo" => (200, self.authinfo),
                    // Single-page applications answer every path.
                    _ => (200, "<!doctype html><html></html>"),
                };
                Ok(HttpResponse { status, body: body.as_bytes().to_vec(), ..HttpResponse::default() })
            };
            requests.iter().map(answer).collect()
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        fn wait(&mut self, _: Duration) {}
    }

    fn prepared(url: &str, authinfo: &'static str) -> (Prepared, Vec<String>) {
        let context = CallContext {
            now: "2026-03-01T09:00:00Z".parse().unwrap(),
            deadline: Duration::from_secs(60),
            attempt: 1,
            idempotency_key: None,
            entropy: vec![],
            trace_parent: None,
            time_zone: None,
            dry_run: false,
            read_only: false,
            allowed_operations: None,
            confirmed: true,
        };
        let fields = [("url", url), ("client_id", "c")];
        let fields = fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut desk = Desk { asked: vec![], authinfo };
        (prepare(&mut desk, &context, &fields).unwrap(), desk.asked)
    }

    const INFO: &str = r#"{"auth_url":"https://desk.example.org/auth","tenant_id":"acme"}"#;

    #[test]
    fn the_address_of_any_page_leads_to_the_root() {
        for page in [
            "",
            "customers",
            "customers/12",
            "a/b/page-of-next-year",
            "customers?clientid=12",
            "tickets?id=3",
        ] {
            let (prepared, asked) = prepared(&format!("https://desk.example.org/{page}"), INFO);
            let field = |name| prepared.fields.get(name).map(ToString::to_string);
            assert_eq!(
                field("resource_url").as_deref(),
                Some("https://desk.example.org/api"),
                "{page}: {asked:?}"
            );
            assert_eq!(field("url").as_deref(), Some("https://desk.example.org"), "{page}");
            assert_eq!(
                prepared.token_url.unwrap(),
                "https://desk.example.org/auth/token?tenant=acme",
                "{page}"
            );
        }
    }

    #[test]
    fn a_proxy_that_ends_tls_does_not_stop_the_sign_in() {
        let info = r#"{"auth_url":"http://desk.example.org/auth","tenant_id":"acme"}"#;
        let (prepared, _) = prepared("https://desk.example.org", info);
        assert_eq!(prepared.token_url.unwrap(), "https://desk.example.org/auth/token?tenant=acme");
        assert_eq!(prepared.egress, ["https://desk.example.org"]);
    }
}
