//! The simulator as a service to connect to.

use anyhow::{Result, anyhow};
use halo_sim::{Config, HaloSim, Quirk};

use crate::credentials::Fields;

/// Starts a simulator on a free port, with quirks such as `page-cap=50`.
pub async fn start(quirks: &[&str]) -> Result<HaloSim> {
    HaloSim::start(Config { port: 0, quirks: parse(quirks)?, ..Config::default() }).await
}

/// Reads quirks by name.
pub fn parse(quirks: &[&str]) -> Result<Vec<Quirk>> {
    quirks.iter().map(|text| text.parse().map_err(|error| anyhow!("quirk {text}: {error}"))).collect()
}

/// What a person would type into the form to reach a simulator: no more than
/// the form asks for.
#[must_use]
pub fn credentials(sim: &HaloSim) -> Fields {
    let url = sim.url();
    let fields =
        [("url", url.as_str()), ("client_id", sim.client_id()), ("client_secret", sim.client_secret())];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
