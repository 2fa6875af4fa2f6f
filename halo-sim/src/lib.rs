//! A fake HaloPSA: a stateful simulator of its REST API, over real HTTP.
//!
//! It answers as the research notes on HaloPSA (cited as *HAPI §n*) say that
//! HaloPSA answers, oddities included. What is confirmed and what is assumed
//! stands in the README's table. It is not HaloPSA: no rules, no mails, no
//! portal, and only the resources listed in `resources`.
//!
//! A request runs from the top of this list to the bottom:
//!
//! | module | holds |
//! |---|---|
//! | `server` | sockets, HTTP, the order of things |
//! | `faults` | everything that goes wrong on purpose, one switch each |
//! | `routes` | which path leads where |
//! | `login`, `auth` | token endpoint, tokens, scopes |
//! | `api`, `throttle`, `writes` | permission, the rate limit, then reading or writing |
//! | `files` | downloads, and the second port for links |
//! | `resources` | every resource as data: path, envelope, fields, filters |
//! | `desk` | what happens when something is written |
//! | `control` | the simulator's own API below `/_sim` |
//! | `hooks` | signed deliveries of webhooks |
//! | `protocol` | queries, dates, paging, envelopes, error bodies |
//! | `state` | tables, the clock, the seeds |
//! | `facts` | how well all this is known |
//!
//! ```
//! # async fn demo() -> anyhow::Result<()> {
//! use halo_sim::{Config, HaloSim, Quirk};
//!
//! let sim = HaloSim::start(Config {
//!     quirks: vec!["page-cap=50".parse()?],
//!     ..Config::default()
//! })
//! .await?;
//! println!("{}", sim.start_line());
//! sim.add_quirk(Quirk::NoCount);
//! assert_eq!(sim.ticket_count(), 717);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(demo()).unwrap();
//! ```

mod api;
mod args;
mod auth;
mod config;
mod control;
mod desk;
mod facts;
mod faults;
mod files;
mod hooks;
mod log;
mod login;
pub mod private;
mod protocol;
mod resources;
mod routes;
mod server;
mod shared;
mod sim;
mod state;
mod throttle;
mod writes;

pub use args::{SimArgs, quirk_help};
pub use auth::scopes::{Access, Group, Level};
pub use config::{Config, ParseError};
pub use facts::{Fact, counts, facts};
pub use faults::{
    quirk::{Ids, Quirk, QuirkHelp, Rate, Target},
    switchboard::Fault,
};
pub use log::RequestRecord;
pub use protocol::errors::ErrorShape;
pub use sim::HaloSim;
pub use state::{import::StateFile, seed::Seed};
