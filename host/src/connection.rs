//! One account at the service, and the calls made for it.
//!
//! [`Connection::open`] turns typed fields into a connection, and the public
//! methods name the calls that there are. What happens in each of them is in
//! [`attempts`]; those about events are in [`triggers`](crate::triggers).

mod attempts;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::auth::{self, Auth, is_left_to_host, login_only, login_report};
use crate::budget::{Budget, Class};
use crate::calls::{Check, Execute, Options, Prepare};
use crate::client::HttpClient;
use crate::connector::VettedConnector;
use crate::context::{after, call_context};
use crate::credentials::{Credentials, Typed};
use crate::egress::{self, Egress, Hosts, SpecPattern, Terms};
use crate::error::{CallError, HostError, NOTHING_DONE, refusal};
use crate::events::Events;
use crate::fold::{self, Folded, Part, Progress};
use crate::form::AuthRecipe;
use crate::http::CallHttp;
use crate::keyring::{self, Keyring};
use crate::limits::{clean_error, clean_prepared};
use crate::links::{self, LinkPolicy};
use crate::network::Network;
use crate::node::Node;
use crate::options::{AuthMode, CallOptions, ConnectionOptions};
use crate::placeholders::Vault;
use crate::recipe::{HostLogin, LoginPlan};
use crate::rules;
use crate::secrets::Secrets;
use crate::serial::{self, Serial, Turn};
use crate::tls::Tls;
use crate::wit::lookup::Entries;
use crate::wit::node::Execution;
use crate::wit::setup::{CheckReport, Prepared};
use crate::wit::types::{AttachmentLink, Diagnostic, Effect, ErrorKind, FieldValue, Item, Level, NodeError};

/// One account at the service. Cheap to clone; clones share session, network
/// and policy.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    /// Another one after a reload.
    node: RwLock<Node>,
    plan: LoginPlan,
    auth: Auth,
    network: Arc<Network>,
    diagnostics: Vec<Diagnostic>,
    secrets: Arc<Secrets>,
    serial: Serial,
    links: Links,
}

/// What attachment links are followed with: a network of their own, if ever.
struct Links {
    policy: LinkPolicy,
    tls: Tls,
    network: OnceCell<Network>,
}

impl Shared {
    fn link_network(&self) -> Result<Network, HostError> {
        let egress = Egress::explicit(&self.links.policy.allow);
        Ok(Network {
            client: HttpClient::new(
                VettedConnector {
                    addresses: egress.addresses(),
                    sockets: self.network.limits.socket_places(),
                    ..self.network.client.connector().clone()
                },
                &self.links.tls,
            )?,
            egress,
            limits: self.network.limits,
            places: Arc::clone(&self.network.places),
            login: OnceLock::new(),
            token_url: None,
            vault: None,
            budget: Arc::default(),
            events: self.network.events.clone(),
            max_response: self.links.policy.max_bytes,
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("credentials", &self.shared.plan.credentials)
            .field("auth", &self.shared.auth)
            .field("egress", &self.egress())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// See [`Node::connect`].
    #[tracing::instrument(level = "debug", name = "connect", skip_all)]
    pub(crate) async fn open(
        node: Node,
        mut fields: BTreeMap<String, String>,
        options: ConnectionOptions,
    ) -> Result<Self, CallError> {
        let deadline = after(options.deadline);
        let spec = node.credential_schema().await?.clone();
        let secrets = Arc::new(Secrets::default());
        let provided = match &options.secrets {
            Some(source) => keyring::provide(source, &mut fields, &spec, &secrets, deadline).await?,
            None => Vec::new(),
        };
        let (mut credentials, secret) = Credentials::typed(fields, &spec, &secrets)?;
        let keyring = Arc::new(Keyring::new(secret, options.secrets, provided, Arc::clone(&secrets)));
        let typed = Typed::new(&credentials, &spec);
        let named = node.manifest_read().egress();
        if let Some((field, hosts)) = egress::misfit(named, &typed.values) {
            return Err(misfit(field, hosts).into());
        }
        let terms = Terms::new(named, &typed.fields, &typed.values, &options.accepted);

        let limits = options.limits;
        let egress = Egress::typed(&terms, &typed.fields, &options.policy);
        let mut network = Network {
            client: HttpClient::new(
                VettedConnector {
                    addresses: egress.addresses(),
                    names: node.names(),
                    sockets: limits.socket_places(),
                    proxy: options.route.proxy(node.proxy()),
                },
                &options.tls,
            )?,
            egress,
            limits,
            places: limits.places(node.slots()),
            events: Events::new(options.observer, Arc::clone(&secrets), node.metrics()),
            login: OnceLock::new(),
            token_url: None,
            vault: None,
            budget: Arc::new(Budget::new(options.rate)),
            max_response: node.max_response(),
        };

        let context = call_context(&CallOptions::default(), 1, options.deadline)?;
        let fields = credentials.plain_fields();
        let hooks = CallHttp::new(Some(Arc::new(network.clone())), deadline, Class::Interactive);
        let refusals = hooks.refusals();
        let prepared = node
            .run(hooks, deadline, &Prepare { context: &context, fields: &fields })
            .await
            .map_err(|stop| stop.into_node_error(Effect::None))?;
        let mut prepared = match prepared {
            Some(prepared) => prepared.map_err(|mut error| {
                refusals.amend(&mut error);
                clean_error(&mut error, &secrets);
                error
            })?,
            None => as_typed(named, &typed),
        };
        clean_prepared(&mut prepared, &secrets);

        credentials.completed(prepared.fields, &spec);
        let (egress, refused) =
            Egress::prepared(&terms, &typed.fields, &credentials.plain, &prepared.egress, &options.policy);
        network.egress = egress;
        let mut diagnostics = prepared.report.diagnostics;
        diagnostics.extend(refused.iter().map(|refusal| Diagnostic {
            level: Level::Warning,
            code: "host.egress-closed".to_owned(),
            message: format!("Requests to one address will be refused: {refusal}."),
            item_index: None,
        }));

        let plan = LoginPlan {
            recipe: spec.auth_recipe,
            credentials,
            typed,
            token_url: prepared.token_url,
            keyring,
            secrets: Arc::clone(&secrets),
        };
        network.token_url = auth::token_url(&plan);
        let auth = match (options.auth, &plan.recipe) {
            // Nothing to log in with, so nothing to keep.
            (_, AuthRecipe::None) => Auth::Host,
            (AuthMode::Component, recipe) => Auth::session(recipe),
            (AuthMode::Placeholder, recipe) => {
                network.vault = Some(Arc::new(Vault::new(&plan)?));
                Auth::session(recipe)
            }
            (AuthMode::Recipe, _) => {
                if let Some(login) = HostLogin::new(plan.clone())? {
                    network.login = Arc::new(login).into();
                }
                Auth::Host
            }
        };
        let network = Arc::new(network);
        // The certificate is the connection's; links lead to others.
        let links = Links { policy: options.links, tls: options.tls.anonymous(), network: OnceCell::new() };
        let serial = Serial::default();
        let node = RwLock::new(node);
        let shared = Shared { node, plan, auth, network, diagnostics, secrets, serial, links };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The fields as `prepare` completed them, secrets not included.
    #[must_use]
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.shared.plan.credentials.plain
    }

    /// The origins that this connection may reach.
    #[must_use]
    pub fn egress(&self) -> Vec<String> {
        self.shared.network.egress.origins()
    }

    /// What `prepare` had to say, and a warning for each origin that it named
    /// and the policy does not open.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.shared.diagnostics
    }

    /// Goes on with another component, such as a newer build of the same one.
    /// Calls that run end with the old one; session, sockets and rate budget stay.
    /// Its form, its login and its egress must be the same: they decided what this
    /// connection may do.
    ///
    /// # Errors
    /// [`HostError::Reload`] when they are not; [`HostError::Stopped`].
    pub async fn reload(&self, node: &Node) -> Result<(), HostError> {
        node.credential_schema().await?;
        if !self.node().manifest_read().asks_the_same(node.manifest_read()) {
            return Err(HostError::Reload("it asks for other credentials, or for other origins".to_owned()));
        }
        *self.shared.node.write().unwrap_or_else(PoisonError::into_inner) = node.clone();
        Ok(())
    }

    fn node(&self) -> Node {
        self.shared.node.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs in, unless there is a session or token that still holds.
    ///
    /// # Errors
    /// [`CallError::Node`], with kind `unauthenticated` when the service refuses
    /// the credentials.
    pub async fn authenticate(&self, call: &CallOptions) -> Result<(), CallError> {
        let deadline = after(call.deadline);
        self.lease(call, deadline, None).await.map(drop)
    }

    /// Answers a person's question "will it work?", step by step. The component
    /// logs in anew for it, whatever session there is; where the host logs in, a
    /// refused login is the report's one failed step.
    ///
    /// # Errors
    /// [`CallError::Node`] for fields that make no sense.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn check(&self, call: &CallOptions) -> Result<CheckReport, CallError> {
        let deadline = after(call.deadline);
        let plan = &self.shared.plan;
        loop {
            let host_logs_in = self.host_login();
            if let Some(login) = host_logs_in
                && let Err(error) = login.lease(&self.shared.network, deadline).await
            {
                return login_report(error, &plan.credentials);
            }
            if !self.node().has_setup() {
                return match self.lease(call, deadline, None).await {
                    Ok(_) => Ok(login_only(&plan.credentials)),
                    Err(error) => login_report(error, &plan.credentials),
                };
            }
            match self.call_until(&Check, call, deadline).await {
                Err(CallError::Node(error))
                    if host_logs_in.is_none() && is_left_to_host(&error, &plan.recipe) =>
                {
                    self.log_in_from_now_on()?;
                }
                report => return report,
            }
        }
    }

    /// Asks the [provider](ConnectionOptions::secrets) for the secrets of this
    /// connection now, and logs in anew before the next call if they changed. Whether
    /// they did. When the service refuses a login, that happens by itself.
    ///
    /// # Errors
    /// [`CallError::Node`], kind `unavailable`, where the provider cannot be asked: then
    /// the connection goes on with the secrets that it has.
    pub async fn refresh_secrets(&self, deadline: Duration) -> Result<bool, CallError> {
        let deadline = after(deadline);
        let changed = self.shared.plan.keyring.refresh(deadline).await?;
        if changed && let Auth::Session { cache, .. } = &self.shared.auth {
            cache.take(deadline).await;
        }
        Ok(changed)
    }

    /// Ends the session of this connection, for a connection that is to be deleted: at
    /// the service where the component can do that, and here in any case. The next call
    /// logs in anew.
    ///
    /// # Errors
    /// [`CallError::Node`] where the service could not be asked; the session is
    /// forgotten all the same.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn revoke(&self, call: &CallOptions) -> Result<Revoked, CallError> {
        self.end_session(call, after(call.deadline)).await
    }

    /// Runs an operation once: one bounded part of it, or what follows `cursor`,
    /// the `next` of an earlier call with the same items.
    ///
    /// # Errors
    /// [`CallError::Node`] for calls that could not begin or were cut off; what
    /// became of each item is in the result.
    #[tracing::instrument(level = "debug", skip(self, items, cursor, call), fields(items = items.len()))]
    pub async fn execute(
        &self,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
        call: &CallOptions,
    ) -> Result<Execution, CallError> {
        self.admit(operation, items, call)?;
        let execute = Execute { operation, items, cursor };
        let deadline = after(call.deadline);
        let turn = self.turn(operation, items, call, deadline).await?;
        let mut execution = self.call_until(&execute, call, deadline).await?;
        fold::add_wait(&mut execution.report.usage, turn.waited());
        Ok(execution)
    }

    /// Runs an operation to its end: follows cursors, waits as advised, and
    /// folds the outcomes into one for each item. `progress` is told after each
    /// call and before each wait. `call.deadline` bounds each call, not the
    /// whole; drop the future to end the whole.
    ///
    /// It gives up after ten calls in a row that brought nothing, and in the cases
    /// that [`Folded::gave_up`] names. Where the operation is serialised, it keeps
    /// its keys from the first call to the last, and waits for them no longer than one
    /// call may take.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), when the first call fails. Later failures
    /// are in [`Folded::interrupted`], beside what was delivered before.
    #[tracing::instrument(level = "debug", skip(self, items, call, progress), fields(items = items.len()))]
    pub async fn execute_all(
        &self,
        operation: &str,
        items: &[Item],
        call: &CallOptions,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Folded, CallError> {
        self.admit(operation, items, call)?;
        let turn = self.turn(operation, items, call, after(call.deadline)).await?;
        let part = |part| self.part(operation, items, call, part);
        let mut folded = fold::follow(items.len(), self.node().max_run(), progress, part).await?;
        fold::add_wait(&mut folded.usage, turn.waited());
        Ok(folded)
    }

    /// What [`execute`](Self::execute) would do if the host left the rules of a call to
    /// the component: nothing is sent, for it is a dry run. For tools that examine
    /// whether a component keeps the rules by itself, as it must for hosts that do
    /// not.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn rehearse(
        &self,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
        call: &CallOptions,
    ) -> Result<Execution, CallError> {
        self.fits(items)?;
        let call = CallOptions { dry_run: true, ..call.clone() };
        self.call(&Execute { operation, items, cursor }, &call).await
    }

    /// Which of the items, from 0, a person must have chosen: where nobody did, a call
    /// with one of them is refused as a whole. The others can go in a call of their own,
    /// which needs an idempotency key of its own.
    ///
    /// # Errors
    /// [`CallError::Node`] for an operation that the manifest does not have.
    pub fn unconfirmed(&self, operation: &str, items: &[Item]) -> Result<Vec<usize>, CallError> {
        let inputs = items.iter().map(|item| item.json.as_str());
        Ok(rules::unconfirmed(self.node().manifest_read(), operation, inputs)?)
    }

    /// Refuses what the rules of the call forbid, before the component runs.
    fn admit(&self, operation: &str, items: &[Item], call: &CallOptions) -> Result<(), CallError> {
        let inputs = items.iter().map(|item| item.json.as_str());
        rules::permit(self.node().manifest_read(), operation, inputs, call)?;
        self.fits(items)
    }

    /// Refuses a trigger that the manifest does not have.
    pub(crate) fn knows_trigger(&self, name: &str) -> Result<(), CallError> {
        Ok(rules::permit_trigger(self.node().manifest_read(), name)?)
    }

    /// Refuses items for which the component certainly has no memory: it would be
    /// stopped before it could say so.
    fn fits(&self, items: &[Item]) -> Result<(), CallError> {
        let bytes: usize = items.iter().map(fold::size_of_item).sum();
        let most = self.node().max_memory() / 4 * 3;
        if bytes <= most {
            return Ok(());
        }
        Err(refusal(
            ErrorKind::InvalidInput,
            "host.input-limit",
            format!("The items have {bytes} bytes, and a call can take {most}."),
            "Give fewer items in one call, or let the operator raise the memory limit.",
        )
        .into())
    }

    /// Waits until no other call has the keys of this one. One that sends nothing
    /// has none.
    async fn turn(
        &self,
        operation: &str,
        items: &[Item],
        call: &CallOptions,
        deadline: Instant,
    ) -> Result<Turn<'_>, CallError> {
        let node = self.node();
        let pointers = if call.dry_run { &[] } else { node.manifest_read().serialize_by(operation) };
        let turn = self.shared.serial.turn(serial::keys(operation, pointers, items));
        let turn = timeout_at(deadline, turn).await.map_err(|_| serial::no_turn())?;
        node.metrics().waited("turn", turn.waited());
        Ok(turn)
    }

    /// One of the calls that make up a whole.
    async fn part(
        &self,
        operation: &str,
        items: &[Item],
        call: &CallOptions,
        part: Part,
    ) -> Result<Execution, CallError> {
        let execute = Execute { operation, items, cursor: part.cursor.as_deref() };
        let attempt = if part.calls == 0 { call.attempt } else { 1 };
        // Each part is a call of its own, which may be repeated on its own.
        let idempotency_key = call.idempotency_key.as_ref().map(|key| match part.calls {
            0 => key.clone(),
            n => format!("{key}/{n}"),
        });
        let attempt = attempt.saturating_add(part.repetitions);
        self.call(&execute, &CallOptions { attempt, idempotency_key, ..call.clone() }).await
    }

    /// Values of one list of the manifest, for a dropdown. `params_json` is a
    /// JSON object with what the list depends on.
    ///
    /// # Errors
    /// [`CallError::Node`]: not being able to load is never an empty list.
    #[tracing::instrument(level = "debug", skip(self, params_json, search, cursor, call))]
    pub async fn options(
        &self,
        name: &str,
        params_json: &str,
        search: Option<&str>,
        cursor: Option<&str>,
        call: &CallOptions,
    ) -> Result<Entries, CallError> {
        rules::permit_list(self.node().manifest_read(), name, call)?;
        let options = Options { name, params: params_json, search, cursor };
        self.call(&options, call).await
    }

    /// Fetches what an attachment link leads to, as far as the operator's
    /// [`LinkPolicy`] lets it: without the credentials of this
    /// connection, and without following redirects.
    ///
    /// # Errors
    /// [`CallError::Node`]: `denied` by the policy, with what to add to it;
    /// `not-found` for a link that is dead; `unavailable` or `timeout`.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn fetch_link(&self, link: &AttachmentLink, deadline: Duration) -> Result<Bytes, CallError> {
        let shared = &self.shared;
        let network = shared.links.network.get_or_try_init(|| async { shared.link_network() }).await?;
        links::fetch(network, link, shared.links.policy.max_bytes, after(deadline)).await
    }
}

/// What [`Connection::revoke`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoked {
    /// The service ended the session.
    AtService,
    /// The session is forgotten here. The component cannot end it at the service, where
    /// it is valid until it expires.
    Forgotten,
    /// There was none.
    NoSession,
}

/// The credentials of a component that does not complete them: the fields as typed with
/// the form's defaults, and the origins of its manifest that are whole then.
fn as_typed(named: &[SpecPattern], typed: &Typed) -> Prepared {
    let field = |(name, value): (&String, &String)| FieldValue { name: name.clone(), value: value.clone() };
    Prepared {
        fields: typed.values.iter().map(field).collect(),
        egress: named.iter().flat_map(|pattern| pattern.origins(&typed.values)).collect(),
        token_url: None,
        report: NOTHING_DONE,
    }
}

/// A typed value would end the host that it stands in, or begin another one.
fn misfit(field: &str, hosts: &Hosts) -> NodeError {
    NodeError {
        field: Some(format!("/{field}")),
        ..refusal(
            ErrorKind::InvalidInput,
            "host.credential-host",
            format!("The field `{field}` does not fit into the address `{}`.", hosts.text),
            "Type one name of letters, digits and hyphens there (digits for a port), without dots or slashes.",
        )
    }
}
