//! The calls of a connection that are about events: polling and webhooks.
//!
//! Timers, the HTTP server at the callback URL and the stored states belong to
//! the embedder. A state is to be stored once the events that came with it are
//! safe: then no event is lost, and one that comes twice is known by its `id`.

use crate::calls::triggers::{Poll, Receive, Subscribe, Trigger, Unsubscribe};
use crate::connection::Connection;
use crate::context::random_hex;
use crate::error::{CallError, HostError};
use crate::options::CallOptions;
use crate::wit::triggers::{Delivery, Endpoint, Polled, Received, Subscription};
use crate::wit::types::Report;

/// A fresh secret for [`Endpoint::signing_secret`], of the system's randomness.
///
/// # Errors
/// The system gives no random bytes.
pub fn signing_secret() -> Result<String, HostError> {
    Ok(format!("{}{}", random_hex()?, random_hex()?))
}

impl Connection {
    /// Asks a trigger of the manifest for what happened since `state`; without
    /// one it begins now. `config_json` is a JSON object that keeps the trigger's
    /// schema.
    ///
    /// # Errors
    /// [`CallError::Node`]: the state given stays good.
    #[tracing::instrument(level = "debug", skip(self, config_json, state, call))]
    pub async fn poll(
        &self,
        trigger: &str,
        config_json: &str,
        state: Option<&str>,
        call: &CallOptions,
    ) -> Result<Polled, CallError> {
        self.knows_trigger(trigger)?;
        let config = &config_json.to_owned();
        let poll = Poll { trigger: Trigger { name: trigger, config }, state };
        self.call(&poll, call).await
    }

    /// Has the service deliver events to the endpoint. Called again with the
    /// state of an earlier call, it finds what exists instead of doubling it.
    ///
    /// # Errors
    /// [`CallError::Node`], whose `effect` says whether something may have been
    /// set up.
    #[tracing::instrument(level = "debug", skip(self, config_json, endpoint, state, call))]
    pub async fn subscribe(
        &self,
        trigger: &str,
        config_json: &str,
        endpoint: &Endpoint,
        state: Option<&str>,
        call: &CallOptions,
    ) -> Result<Subscription, CallError> {
        self.knows_trigger(trigger)?;
        self.know_secret(&endpoint.signing_secret);
        let config = &config_json.to_owned();
        let subscribe = Subscribe { trigger: Trigger { name: trigger, config }, endpoint, state };
        self.call(&subscribe, call).await
    }

    /// Ends a subscription; what is gone already is no error.
    ///
    /// # Errors
    /// [`CallError::Node`].
    #[tracing::instrument(level = "debug", skip(self, config_json, state, call))]
    pub async fn unsubscribe(
        &self,
        trigger: &str,
        config_json: &str,
        state: &str,
        call: &CallOptions,
    ) -> Result<Report, CallError> {
        self.knows_trigger(trigger)?;
        let config = &config_json.to_owned();
        let unsubscribe = Unsubscribe { trigger: Trigger { name: trigger, config }, state };
        self.call(&unsubscribe, call).await
    }

    /// Reads a request that came in at the callback URL. One that is not
    /// authentic is no failure: it has no events, and a `reply` that refuses it.
    ///
    /// # Errors
    /// [`CallError::Node`] for a delivery that could not be read now; answer it
    /// with a status that makes the service deliver again.
    #[tracing::instrument(level = "debug", skip(self, config_json, endpoint, state, delivery, call))]
    pub async fn receive(
        &self,
        trigger: &str,
        config_json: &str,
        endpoint: &Endpoint,
        state: &str,
        delivery: &Delivery,
        call: &CallOptions,
    ) -> Result<Received, CallError> {
        self.knows_trigger(trigger)?;
        self.know_secret(&endpoint.signing_secret);
        let config = &config_json.to_owned();
        let receive = Receive { trigger: Trigger { name: trigger, config }, endpoint, state, delivery };
        self.call(&receive, call).await
    }
}
