//! The interfaces in `wit/`, from the value of a node.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use super::run::unknown;
use super::trigger::{Mode, bad_state};
use super::{Login, Node, Trigger};
use crate::client::Http;
use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::interface::{
    self, CallContext, CheckReport, CheckStatus, CheckStep, Connection, Delivery, Endpoint, Entries,
    Execution, Fields, Item, Polled, Prepared, Question, Received, Reply, Report, Session, Subscribed,
    Subscription,
};
use crate::traits::{LookupExports, NodeExports, PackingExports, SetupExports, TriggerExports};
use crate::transport::Transport;

const UNKNOWN_LIST: Code = Code::new("unknown-list", ErrorKind::InvalidInput, Retry::Never);
const UNKNOWN_TRIGGER: Code = Code::new("unknown-trigger", ErrorKind::InvalidInput, Retry::Never);
const UNSUPPORTED: Code = Code::new("unsupported", ErrorKind::Unsupported, Retry::Never);

impl NodeExports for Node {
    fn name(&self) -> &str {
        self.name
    }

    fn credential_schema(&self) -> String {
        self.credentials.to_json().to_string()
    }

    fn authenticate(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<Session> {
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        http.log_in()?;
        http.session().cloned().ok_or_else(|| {
            NodeError::new(UNSUPPORTED, "This node logs in with each request.")
                .with_advice("The host can log in by the recipe of the form.")
        })
    }

    fn execute(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
    ) -> Result<Execution> {
        self.run(transport, context, connection, operation, items, cursor)
    }
}

impl SetupExports for Node {
    fn prepare(&self, _: &mut dyn Transport, _: &CallContext, fields: &Fields) -> Result<Prepared> {
        let fields = self.credentials.complete(fields)?;
        let mut egress = vec![self.credentials.base(&fields)?.origin().ascii_serialization()];
        let mut token_url = None;
        if let Login::ClientCredentials { token_url: template, .. } = self.credentials.login() {
            let url = self.credentials.fill(template, &fields)?;
            egress.push(url.origin().ascii_serialization());
            token_url = Some(url.to_string());
        }
        egress.dedup();
        Ok(Prepared { fields, egress, token_url, report: Report::default() })
    }

    fn check(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<CheckReport> {
        let fields = self.credentials.complete(&connection.fields)?;
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let instance = Some(http.base().as_str().trim_end_matches('/').to_string());
        let mut account = None;
        let login = http.log_in();
        let mut steps =
            vec![step("login", "Log in", login.map(|()| "The credentials are complete.".to_string()))];
        if let Some(who) = &self.account {
            let is_possible = steps.iter().all(|step| step.status == CheckStatus::Pass);
            steps.push(if is_possible {
                let found = who(&mut http);
                account = found.as_ref().ok().cloned();
                step("account", "Ask who we are", found.map(|name| format!("We act as {name}.")))
            } else {
                CheckStep {
                    status: CheckStatus::Skipped,
                    ..step("account", "Ask who we are", Ok("The login failed.".to_string()))
                }
            });
        }
        let scopes = http.session().map(|session| session.scopes.clone()).unwrap_or_default();
        Ok(CheckReport { account, instance, scopes, steps, fields, report: http.report() })
    }
}

impl LookupExports for Node {
    fn options(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        question: &Question<'_>,
    ) -> Result<Entries> {
        let names: Vec<&str> = self.lists.iter().map(|list| list.name).collect();
        let list = self.lists.iter().find(|list| list.name == question.list);
        let list = list.ok_or_else(|| unknown(UNKNOWN_LIST, "list", question.list, &names))?;
        let position = question
            .cursor
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| NodeError::new(Code::INVALID_CURSOR, "The cursor is not one of this list."))?;
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let search = question.search.filter(|search| !search.trim().is_empty());
        let (entries, next) = (list.look)(&mut http, search, position)?;
        Ok(Entries { entries, next: next.map(|next| next.to_string()), report: http.report() })
    }
}

impl TriggerExports for Node {
    fn poll(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: interface::Trigger<'_>,
        state: Option<&str>,
    ) -> Result<Polled> {
        let found = self.find_trigger(trigger.name)?;
        let Mode::Poll { poll, interval } = &found.mode else {
            return Err(NodeError::new(
                UNSUPPORTED,
                format!("The trigger \"{}\" is not polled.", found.name),
            )
            .with_advice("Subscribe to it."));
        };
        let before = state.map(parse_state).transpose()?;
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let polled = poll(&mut http, found.config(trigger.config)?, before)?;
        Ok(Polled {
            events: polled.events,
            state: polled.state.to_string(),
            more: polled.more,
            next_poll: *interval,
            report: http.report(),
        })
    }

    fn subscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: interface::Trigger<'_>,
        endpoint: &Endpoint,
        state: Option<&str>,
    ) -> Result<Subscription> {
        let found = self.find_trigger(trigger.name)?;
        let Mode::Webhook { subscribe, .. } = &found.mode else { return Err(no_webhook(found)) };
        let before = state.map(parse_state).transpose()?;
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let state = subscribe(&mut http, found.config(trigger.config)?, endpoint, before)?.to_string();
        Ok(Subscription { state, expires_at: None, report: http.report() })
    }

    fn unsubscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: interface::Trigger<'_>,
        state: &str,
    ) -> Result<Report> {
        let found = self.find_trigger(trigger.name)?;
        let Mode::Webhook { unsubscribe, .. } = &found.mode else { return Err(no_webhook(found)) };
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        match unsubscribe(&mut http, parse_state(state)?) {
            // A part that does not exist any more is no error.
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(http.report()),
        }
    }

    fn receive(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        subscribed: Subscribed<'_>,
        delivery: &Delivery,
    ) -> Result<Received> {
        let Subscribed { trigger, endpoint, state } = subscribed;
        let found = self.find_trigger(trigger.name)?;
        let Mode::Webhook { receive, .. } = &found.mode else { return Err(no_webhook(found)) };
        let mut http = Http::new(transport, context, &self.credentials, connection)?;
        let events = receive(&mut http, parse_state(state)?, endpoint, delivery)?;
        let reply = Reply::status(if events.is_some() { 204 } else { 401 });
        Ok(Received {
            events: events.unwrap_or_default(),
            state: state.to_string(),
            reply,
            report: http.report(),
        })
    }
}

impl PackingExports for Node {
    fn manifest(&self) -> core::result::Result<String, String> {
        Self::manifest(self).map_err(|wrong| wrong.join("\n"))
    }
}

fn parse_state(state: &str) -> Result<Value> {
    serde_json::from_str(state).map_err(|_| bad_state())
}

fn no_webhook(trigger: &Trigger) -> NodeError {
    NodeError::new(UNSUPPORTED, format!("The trigger \"{}\" has no webhook.", trigger.name))
        .with_advice("Poll it.")
}

impl Node {
    fn find_trigger(&self, name: &str) -> Result<&Trigger> {
        let names: Vec<&str> = self.triggers.iter().map(|trigger| trigger.name).collect();
        let found = self.triggers.iter().find(|trigger| trigger.name == name);
        found.ok_or_else(|| unknown(UNKNOWN_TRIGGER, "trigger", name, &names))
    }
}

fn step(name: &'static str, label: &str, result: Result<String>) -> CheckStep {
    let (status, message, error) = match result {
        Ok(message) => (CheckStatus::Pass, message, None),
        Err(error) => (CheckStatus::Fail, error.message().to_string(), Some(error)),
    };
    CheckStep { name, label: label.to_string(), status, message, error, advice: None }
}
