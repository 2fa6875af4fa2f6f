//! The way of every call for a connection: a session on loan, context, instance,
//! result; and once more where the session turns out to be dead.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::{Connection, Revoked};
use crate::answers::{Answer, finish};
use crate::auth::{Auth, Leased, LeasedSession, is_left_to_host};
use crate::budget::Class;
use crate::calls::{Attempt, Authenticate, ConnectionCall, Revoke};
use crate::context::{after, call_context};
use crate::error::{CallError, Stop, refusal};
use crate::fold;
use crate::http::CallHttp;
use crate::keyring::is_refused;
use crate::options::CallOptions;
use crate::reading::Reading;
use crate::recipe::{HostLogin, LoginPlan};
use crate::session::{self, HeldSession};
use crate::trace::{TraceParent, exported_as};
use crate::wit::types::{
    CallContext, Connection as GuestConnection, ConnectionAuth, Effect, ErrorKind, FieldValue, NodeError,
    Session,
};

impl Connection {
    /// Makes a call that begins now.
    pub(crate) async fn call<C: ConnectionCall>(
        &self,
        call: &C,
        options: &CallOptions,
    ) -> Result<C::Output, CallError> {
        self.call_until(call, options, after(options.deadline)).await
    }

    /// The way of every call. A session that turns out to be dead before
    /// anything was changed is replaced, and the call made once more.
    pub(super) async fn call_until<C: ConnectionCall>(
        &self,
        call: &C,
        options: &CallOptions,
        deadline: Instant,
    ) -> Result<C::Output, CallError> {
        let mut attempt = options.attempt.max(1);
        let (mut dead, mut asked) = (None, false);
        loop {
            let ring = self.shared.plan.keyring.current().generation;
            let lease = if C::LOGS_IN || options.dry_run {
                Leased::default()
            } else {
                self.lease(options, deadline, dead).await?
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // The login took it all; the guest was not even started.
                return Err(Stop::Deadline.into_node_error(Effect::None).into());
            }
            let mut context = call_context(options, attempt, left)?;
            let span = span::<C>(&mut context, options);
            let connection = GuestConnection { fields: self.guest_fields(), auth: self.guest_auth(&lease) };
            // "Send nothing" is not left to the guest alone.
            let network = &self.shared.network;
            let node = self.node();
            let reading = options.read_only.then(|| call.reading(&node));
            let hooks = if options.dry_run {
                CallHttp::dry(network, deadline, C::CLASS)
            } else {
                CallHttp::new(Some(Arc::clone(network)), deadline, C::CLASS).only_reading(reading)
            };
            let (refusals, waits, writes) = (hooks.refusals(), hooks.waits(), hooks.writes());
            let attempted = Attempt { call, context: &context, connection: &connection };
            let run = node.run(hooks, deadline, &attempted).instrument(span);
            let mut result = run.await.map_err(|stop| {
                let harmless = options.dry_run || call.only_reads(&node);
                stop.into_node_error(if harmless { Effect::None } else { writes.effect() })
            })?;
            if let Some(session) =
                result.as_mut().ok().and_then(Answer::report).and_then(|report| report.session.take())
                && lease.session.as_ref().is_none_or(|leased| leased.session.token != session.token)
            {
                self.keep(session).await;
            }
            finish(&mut result, &self.shared.secrets, &|error| refusals.amend(error));
            match result {
                Ok(mut output) => {
                    if let Some(report) = output.report() {
                        fold::add_wait(&mut report.usage, waits.total());
                    }
                    return Ok(output);
                }
                Err(error) => {
                    let Some(leased) = lease.session.as_ref().filter(|_| is_refused(&error)) else {
                        return Err(error.into());
                    };
                    if dead.is_none() && !leased.fresh {
                        tracing::debug!(function = C::NAME, "the session is dead; logging in anew");
                    } else if asked || !self.shared.plan.keyring.is_newer(ring, deadline).await {
                        // One that was made for this very call and refused at once:
                        // another one would fare no better.
                        return Err(error.into());
                    } else {
                        asked = true;
                    }
                    dead = Some(leased.generation);
                    attempt = attempt.saturating_add(1);
                }
            }
        }
    }

    /// What the next call authenticates with; logs in where that is needed.
    pub(super) async fn lease(
        &self,
        options: &CallOptions,
        deadline: Instant,
        dead: Option<u64>,
    ) -> Result<Leased, CallError> {
        if self.host_login().is_none()
            && let Auth::Session { cache, renew_before } = &self.shared.auth
        {
            match cache.get(dead, deadline, self.log_in(options, deadline, *renew_before)).await {
                Err(CallError::Node(error)) if is_left_to_host(&error, &self.shared.plan.recipe) => {
                    self.log_in_from_now_on()?;
                }
                lease => {
                    let lease = lease?;
                    let session = lease.value.session().clone();
                    let (generation, fresh) = (lease.generation, lease.fresh);
                    return Ok(Leased { session: Some(LeasedSession { session, generation, fresh }) });
                }
            }
        }
        // So that a refused login is told as such, and not as a request of the guest
        // that failed.
        if let Some(login) = self.host_login() {
            login.lease(&self.shared.network, deadline).await?;
        }
        Ok(Leased::default())
    }

    /// The login that the host makes, where it does.
    pub(super) fn host_login(&self) -> Option<&Arc<HostLogin>> {
        self.shared.network.login.get()
    }

    /// Logs in by the recipe from now on, for a component that leaves it to the host.
    pub(super) fn log_in_from_now_on(&self) -> Result<(), CallError> {
        if let Some(login) = HostLogin::new(self.shared.plan.clone())? {
            tracing::debug!("the component leaves the login to its recipe");
            // Another call may have been faster.
            let _ = self.shared.network.login.set(Arc::new(login));
        }
        Ok(())
    }

    /// Calls `authenticate`, and once more where the service refuses the secrets and
    /// there are newer ones.
    async fn log_in(
        &self,
        options: &CallOptions,
        deadline: Instant,
        renew_before: Duration,
    ) -> Result<HeldSession, CallError> {
        // Logging in is the host's wish, whatever the call that it is for may do. The
        // token request may leave in any call; nothing else that writes may.
        let reading = options.read_only.then(Reading::default);
        let keyring = &self.shared.plan.keyring;
        let ring = keyring.current().generation;
        let log_in = || {
            let reading = reading.clone();
            self.aside(&Authenticate, ConnectionAuth::SelfManaged, options, deadline, reading)
        };
        let session = match log_in().await {
            Err(CallError::Node(error)) if is_refused(&error) && keyring.is_newer(ring, deadline).await => {
                log_in().await?
            }
            session => session?,
        };
        if !session::fits(&session) {
            return Err(too_large().into());
        }
        self.shared.secrets.add(&session.token);
        Ok(HeldSession::new(session, renew_before))
    }

    /// Forgets the session, and ends it at the service where the component can.
    pub(super) async fn end_session(
        &self,
        options: &CallOptions,
        deadline: Instant,
    ) -> Result<Revoked, CallError> {
        if let Some(login) = self.host_login() {
            let forgotten = login.forget(deadline).await;
            return Ok(if forgotten { Revoked::Forgotten } else { Revoked::NoSession });
        }
        let held = match &self.shared.auth {
            Auth::Session { cache, .. } => cache.take(deadline).await,
            Auth::Host => None,
        };
        let Some(held) = held else { return Ok(Revoked::NoSession) };
        if !self.node().has_revocation() || options.dry_run {
            return Ok(Revoked::Forgotten);
        }
        let auth = ConnectionAuth::Session(held.session().clone());
        self.aside(&Revoke, auth, options, deadline, None).await?;
        Ok(Revoked::AtService)
    }

    /// A call that the host makes on its own account, beside those that it was asked for.
    async fn aside<C: ConnectionCall>(
        &self,
        call: &C,
        auth: ConnectionAuth,
        options: &CallOptions,
        deadline: Instant,
        reading: Option<Reading>,
    ) -> Result<C::Output, CallError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let options =
            CallOptions { dry_run: false, read_only: false, idempotency_key: None, ..options.clone() };
        let mut context = call_context(&options, 1, left)?;
        let span = span::<C>(&mut context, &options);
        let connection = GuestConnection { fields: self.guest_fields(), auth };
        let hooks = CallHttp::new(Some(Arc::clone(&self.shared.network)), deadline, Class::Interactive)
            .only_reading(reading);
        let refusals = hooks.refusals();
        let attempt = Attempt { call, context: &context, connection: &connection };
        let mut result = self
            .node()
            .run(hooks, deadline, &attempt)
            .instrument(span)
            .await
            .map_err(|stop| stop.into_node_error(Effect::None))?;
        finish(&mut result, &self.shared.secrets, &|error| refusals.amend(error));
        Ok(result?)
    }

    /// Sees to it that a secret which the embedder made is in no text either.
    pub(crate) fn know_secret(&self, secret: &str) {
        self.shared.secrets.add(secret);
    }

    /// Keeps a session that a guest handed back, if it is one.
    async fn keep(&self, session: Session) {
        if !session::fits(&session) {
            return;
        }
        self.shared.secrets.add(&session.token);
        if let Auth::Session { cache, renew_before } = &self.shared.auth {
            cache.put(HeldSession::new(session, *renew_before)).await;
        }
    }

    /// The fields that a guest is given: secrets, or what stands for them, only
    /// where it logs in by itself.
    fn guest_fields(&self) -> Vec<FieldValue> {
        let LoginPlan { credentials, keyring, .. } = &self.shared.plan;
        match (&self.shared.auth, &self.shared.network.vault) {
            _ if self.host_login().is_some() => credentials.plain_fields(),
            (Auth::Session { .. }, None) => credentials.all_fields(&keyring.current().values),
            (Auth::Session { .. }, Some(vault)) => {
                credentials.plain_fields().into_iter().chain(vault.fields()).collect()
            }
            (Auth::Host, _) => credentials.plain_fields(),
        }
    }

    fn guest_auth(&self, lease: &Leased) -> ConnectionAuth {
        match (&self.shared.auth, &lease.session) {
            (_, Some(leased)) => ConnectionAuth::Session(leased.session.clone()),
            _ if self.host_login().is_some() => ConnectionAuth::HostInjected,
            (Auth::Host, None) => ConnectionAuth::HostInjected,
            (Auth::Session { .. }, None) => ConnectionAuth::SelfManaged,
        }
    }
}

/// A session that no header would take.
fn too_large() -> NodeError {
    refusal(
        ErrorKind::Protocol,
        "host.session-too-large",
        "The login gave more than a session can be.".to_owned(),
        "Check the address in the credentials: something else may be answering there.",
    )
}

/// The span of one call of a component's function. Where it is exported, the component
/// and the service are told its name there.
fn span<C: ConnectionCall>(context: &mut CallContext, options: &CallOptions) -> tracing::Span {
    let span = tracing::debug_span!(
        "call",
        function = C::NAME,
        attempt = context.attempt,
        trace_id = tracing::field::Empty,
        span_id = tracing::field::Empty,
    );
    let caller = options.trace_parent.as_deref().and_then(TraceParent::parse);
    if let Some(exported) = exported_as(&span, caller.as_ref()) {
        context.trace_parent = Some(exported.header());
    }
    if let Some(trace) = context.trace_parent.as_deref().and_then(TraceParent::parse) {
        span.record("trace_id", trace.trace_id).record("span_id", trace.span_id);
    }
    span
}
