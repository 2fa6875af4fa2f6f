//! Names on their way to addresses: who is asked, how often, and how many at a time.
//!
//! The system's resolver blocks a thread for as long as it takes, which is many
//! seconds for a name that nobody answers for, and dropping the request does not give
//! the thread back. Without bounds, a few calls to such a name take every blocking
//! thread of the process. So there is one lookup at a time for each name of a
//! connection, which all its requests share; what it found is kept for a moment; and
//! neither a connection nor the whole host has more than a few lookups under way,
//! counted until they end and not until somebody stops waiting.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use crate::failure::Failure;

/// How many lookups a host has under way. Tokio has 512 blocking threads.
pub(crate) const LOOKUPS: usize = 64;
/// How many of them a connection has.
pub(crate) const LOOKUPS_OF_ONE: usize = 4;
/// How long an answer is used again.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(5);
/// How long a lookup waits until there are few enough.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many names a connection asks for at the same time.
const NAMES: usize = 256;

/// What a [`Resolver`] promises.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Turns the names of hosts into addresses.
///
/// A host asks the system unless it is [given another
/// one](crate::NodeHostBuilder::resolver). What comes back is checked against the
/// egress policy, address by address, before anything is connected to.
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a name, those to try first in front.
    fn resolve(&self, name: &str) -> Resolving;
}

/// The resolver of the operating system.
#[derive(Debug)]
struct System;

impl Resolver for System {
    fn resolve(&self, name: &str) -> Resolving {
        let name = name.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// The lookups of a host.
#[derive(Debug)]
pub(crate) struct Lookups {
    resolver: Arc<dyn Resolver>,
    at_once: Arc<Semaphore>,
}

impl Lookups {
    /// With another resolver than the system's.
    pub(crate) fn new(resolver: Option<Arc<dyn Resolver>>) -> Self {
        let resolver = resolver.unwrap_or_else(|| Arc::new(System));
        Self { resolver, at_once: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

/// The names that a connection asks for. Clones share what they know.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    lookups: Arc<Lookups>,
    at_once: Arc<Semaphore>,
    known: Arc<Mutex<BTreeMap<String, Answers>>>,
}

/// What a lookup found, once it is over, and when that was.
type Answers = watch::Receiver<Option<(Result<Arc<[IpAddr]>, String>, Instant)>>;

impl Names {
    pub(crate) fn new(lookups: Arc<Lookups>) -> Self {
        Self { lookups, at_once: Arc::new(Semaphore::new(LOOKUPS_OF_ONE)), known: Arc::default() }
    }

    /// The addresses of a name.
    pub(crate) async fn resolve(&self, name: &str) -> Result<Arc<[IpAddr]>, Failure> {
        let mut answers = self.ask(name)?;
        match answers.wait_for(Option::is_some).await.as_deref() {
            Ok(Some((Ok(addresses), _))) => Ok(Arc::clone(addresses)),
            Ok(Some((Err(reason), _))) => Err(Failure::Dns(reason.clone())),
            // The task of the lookup is gone, as at the end of a runtime.
            Ok(None) | Err(_) => Err(Failure::Dns("the lookup broke off".to_owned())),
        }
    }

    /// The lookup that is under way or was just done, or a new one.
    fn ask(&self, name: &str) -> Result<Answers, Failure> {
        let now = Instant::now();
        let mut known = self.known();
        known.retain(|_, answers| match &*answers.borrow() {
            Some((_, at)) => now.saturating_duration_since(*at) < REMEMBERED,
            None => true,
        });
        if let Some(answers) = known.get(name) {
            return Ok(answers.clone());
        }
        if known.len() >= NAMES {
            return Err(Failure::Dns(format!("the connection asks for {NAMES} other names")));
        }
        let (tell, answers) = watch::channel(None);
        known.insert(name.to_owned(), answers.clone());
        let (lookups, at_once, name) =
            (Arc::clone(&self.lookups), Arc::clone(&self.at_once), name.to_owned());
        // A task of its own: it goes on, and keeps its place, when nobody waits for it.
        tokio::spawn(async move {
            let places = async {
                let of_connection = at_once.acquire_owned().await;
                (of_connection, Arc::clone(&lookups.at_once).acquire_owned().await)
            };
            let found = match timeout(PATIENCE, places).await {
                Ok(_places) => {
                    lookups.resolver.resolve(&name).await.map(Arc::from).map_err(|error| error.to_string())
                }
                Err(_) => Err("too many names are being looked up".to_owned()),
            };
            tell.send_replace(Some((found, Instant::now())));
        });
        Ok(answers)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Answers>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
