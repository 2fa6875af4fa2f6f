//! Triggers: events by polling and by webhook.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::operation::from_json;
use super::schema;
use crate::client::Http;
use crate::error::{Code, NodeError, Result};
use crate::interface::{self, Delivery, Endpoint, Item};

/// Something that happened at the service.
#[derive(Debug, Clone)]
pub struct Event<T> {
    /// The same for each delivery of one event.
    pub id: String,
    /// When it happened (RFC 3339), if the service says it.
    pub occurred_at: Option<String>,
    /// What happened.
    pub item: T,
}

impl<T> Event<T> {
    /// An event whose time is known.
    pub fn new(id: impl Into<String>, occurred_at: impl Into<String>, item: T) -> Self {
        Self { id: id.into(), occurred_at: Some(occurred_at.into()), item }
    }
}

impl<T: Serialize> Event<T> {
    fn into_interface(self) -> Result<interface::Event> {
        let json = serde_json::to_value(self.item).map_err(|error| {
            NodeError::new(Code::INTERNAL, format!("An event cannot be written: {error}."))
        })?;
        Ok(interface::Event {
            id: self.id,
            occurred_at: self.occurred_at.and_then(|text| text.parse::<Timestamp>().ok()),
            item: Item::new(json),
        })
    }
}

/// What is new since the last poll.
#[derive(Debug, Clone)]
pub struct News<T, S> {
    /// The events. Those of the first poll are not delivered, to its last page where
    /// `more` is set: a trigger begins when it is switched on.
    pub events: Vec<Event<T>>,
    /// What the next poll needs.
    pub state: S,
    /// Whether more events are waiting.
    pub more: bool,
}

/// What is kept from poll to poll.
#[derive(Serialize, serde::Deserialize)]
struct Kept {
    state: Value,
    /// Whether the first poll has not come to its last page yet.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    begins: bool,
}

pub(crate) struct Polled {
    pub(crate) events: Vec<interface::Event>,
    pub(crate) state: Value,
    pub(crate) more: bool,
}

type Poll = Box<dyn Fn(&mut Http<'_>, Value, Option<Value>) -> Result<Polled>>;
type Subscribe = Box<dyn Fn(&mut Http<'_>, Value, &Endpoint, Option<Value>) -> Result<Value>>;
type Unsubscribe = Box<dyn Fn(&mut Http<'_>, Value) -> Result<()>>;
type Receive =
    Box<dyn Fn(&mut Http<'_>, Value, &Endpoint, &Delivery) -> Result<Option<Vec<interface::Event>>>>;

/// The code of a trigger.
pub(crate) enum Mode {
    Poll { poll: Poll, interval: Duration },
    Webhook { subscribe: Subscribe, unsubscribe: Unsubscribe, receive: Receive },
}

/// A source of events.
pub struct Trigger {
    pub(crate) name: &'static str,
    title: &'static str,
    config: fn() -> Value,
    output: fn() -> Value,
    sample: Option<Value>,
    pub(crate) mode: Mode,
}

pub(crate) fn bad_state() -> NodeError {
    NodeError::new(Code::INVALID_STATE, "The state is not one of this trigger.")
        .with_advice("Pass the state of the call before, or none to begin now.")
}

fn state<S: DeserializeOwned>(state: Value) -> Result<S> {
    serde_json::from_value(state).map_err(|_| bad_state())
}

fn to_state<S: Serialize>(state: S) -> Result<Value> {
    serde_json::to_value(state)
        .map_err(|error| NodeError::new(Code::INTERNAL, format!("A state cannot be written: {error}.")))
}

impl Trigger {
    /// A trigger that asks the service now and then. The closure gets the state that
    /// it returned, and nothing for the first poll.
    pub fn poll<C, T, S>(
        name: &'static str,
        title: &'static str,
        poll: impl Fn(&mut Http<'_>, C, Option<S>) -> Result<News<T, S>> + 'static,
    ) -> Self
    where
        C: DeserializeOwned + JsonSchema,
        T: Serialize + JsonSchema,
        S: Serialize + DeserializeOwned,
    {
        let poll: Poll = Box::new(move |http, config, before| {
            let kept = before.map(state::<Kept>).transpose()?;
            let begins = kept.as_ref().is_none_or(|kept| kept.begins);
            let before = kept.map(|kept| state(kept.state)).transpose()?;
            let news = poll(http, from_json(config)?, before)?;
            let events = news.events.into_iter().filter(|_| !begins).map(Event::into_interface);
            let events = events.collect::<Result<_>>()?;
            let kept = Kept { state: to_state(news.state)?, begins: begins && news.more };
            Ok(Polled { events, state: to_state(kept)?, more: news.more })
        });
        let interval = Duration::from_secs(60);
        Self::new::<C, T>(name, title, Mode::Poll { poll, interval })
    }

    /// A trigger that the service calls. `subscribe` gets the state of an earlier
    /// subscription, if there is one, and finds it again; `receive` returns nothing
    /// for a delivery that is not authentic.
    pub fn webhook<C, T, S>(
        name: &'static str,
        title: &'static str,
        subscribe: impl Fn(&mut Http<'_>, C, &Endpoint, Option<S>) -> Result<S> + 'static,
        unsubscribe: impl Fn(&mut Http<'_>, S) -> Result<()> + 'static,
        receive: impl Fn(&mut Http<'_>, S, &Endpoint, &Delivery) -> Result<Option<Vec<Event<T>>>> + 'static,
    ) -> Self
    where
        C: DeserializeOwned + JsonSchema,
        T: Serialize + JsonSchema,
        S: Serialize + DeserializeOwned,
    {
        let subscribe: Subscribe = Box::new(move |http, config, endpoint, before| {
            to_state(subscribe(http, from_json(config)?, endpoint, before.map(state).transpose()?)?)
        });
        let unsubscribe: Unsubscribe = Box::new(move |http, before| unsubscribe(http, state(before)?));
        let receive: Receive = Box::new(move |http, before, endpoint, delivery| {
            let events = receive(http, state(before)?, endpoint, delivery)?;
            events.map(|events| events.into_iter().map(Event::into_interface).collect()).transpose()
        });
        Self::new::<C, T>(name, title, Mode::Webhook { subscribe, unsubscribe, receive })
    }

    fn new<C: JsonSchema, T: JsonSchema>(name: &'static str, title: &'static str, mode: Mode) -> Self {
        Self { name, title, config: schema::input::<C>, output: schema::output::<T>, sample: None, mode }
    }

    /// How often a poll makes sense, instead of once a minute.
    #[must_use]
    pub fn every(mut self, period: Duration) -> Self {
        if let Mode::Poll { interval, .. } = &mut self.mode {
            *interval = period.max(Duration::from_secs(1));
        }
        self
    }

    /// An event's item, for a person who builds a workflow.
    #[must_use]
    pub fn sample(mut self, item: Value) -> Self {
        self.sample = Some(item);
        self
    }

    /// The configuration, checked.
    pub(crate) fn config(&self, text: &str) -> Result<Value> {
        let config =
            if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).unwrap_or_default() };
        schema::fit(&(self.config)(), config)
    }

    /// What does not fit within the trigger itself.
    pub(crate) fn contradictions(&self) -> Option<String> {
        let sample = self.sample.clone()?;
        let error = schema::fit(&(self.output)(), sample).err()?;
        let place = error.field().unwrap_or("the whole");
        Some(format!("{}: the sample does not fit the output at {place}: {}", self.name, error.message()))
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut trigger = json!({
            "name": self.name, "title": self.title, "description": self.title,
            "config": (self.config)(), "output": (self.output)(),
        });
        if let Value::Object(trigger) = &mut trigger {
            let mode = match &self.mode {
                Mode::Poll { interval, .. } => {
                    let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
                    trigger.insert("poll_interval_ms".to_string(), json!(interval));
                    "poll"
                }
                Mode::Webhook { .. } => "webhook",
            };
            trigger.insert("modes".to_string(), json!([mode]));
            trigger.extend(self.sample.clone().map(|sample| ("sample".to_string(), sample)));
        }
        trigger
    }
}
