//! The page for operators tells the numbers of this crate, and all its metrics.

use std::time::Duration;

use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::options::{CallOptions, ConnectionOptions};
use crate::{budget, call, client, fold, host, http, limits, links, replay, session};

const PAGE: &str = include_str!("../../docs/hosting.md");

fn mib(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes >> 10)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

#[test]
fn the_page_tells_the_limits_as_they_are() {
    let Limits { memory, result, response, run } = Limits::default();
    let response = usize::try_from(response).expect("small");
    let links = usize::try_from(links::LinkPolicy::default().max_bytes).expect("small");
    for (what, number) in [
        ("memories and tables of one call", mib(memory)),
        ("the result of one call", mib(result)),
        ("a session", kib(session::LARGEST)),
        ("the results of one run", mib(run)),
        ("one answer", mib(response)),
        ("a followed link", mib(links)),
        ("a manifest, a credential form", mib(limits::MANIFEST)),
        ("what `prepare` says", mib(limits::PREPARED)),
        ("one text for people", kib(limits::TEXT)),
        ("open-ended details", kib(limits::DETAILS)),
        ("things of `wasi:io` and `wasi:http` that one call holds", call::RESOURCES.to_string()),
        ("requests of one call under way", http::AT_ONCE.to_string()),
        ("request body that is taken from a guest at a time", kib(http::CHUNK)),
        ("request bodies that one call holds to send again", mib(replay::HELD)),
        ("one call", seconds(CallOptions::default().deadline)),
        ("`prepare`", seconds(ConnectionOptions::default().deadline)),
        ("after its deadline", format!("{} ms", call::GRACE.as_millis())),
        ("between two looks at the clock", format!("{} ms", host::TICK.as_millis())),
        ("a wait for the rate budget", seconds(budget::PATIENCE)),
        ("a wait within a run", seconds(fold::LONGEST_WAIT)),
        ("calls in a row that bring nothing", fold::FRUITLESS.to_string()),
        ("an unused connection", seconds(client::IDLE)),
        ("unused connections to one origin", client::IDLE_CONNECTIONS.to_string()),
        ("kept in a slot for the next call", mib(host::KEEP_WRITTEN)),
        ("the same, where the kernel does not tell what was written", kib(host::KEEP_RESIDENT)),
    ] {
        let row = format!("| {what} | {number} |");
        assert!(PAGE.contains(&row), "the page lacks: {row}");
    }
}

#[test]
fn the_page_names_every_metric() {
    let metrics = Metrics::default();
    // What never happened is not told.
    metrics.called("execute", "ok", Duration::ZERO);
    metrics.requested(Some(200));
    metrics.waited("rate", Duration::from_secs(1));
    let text = metrics.text();
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    assert!(names.len() == 5, "{text}");
    for name in names {
        assert!(PAGE.contains(&format!("`{name}`")), "the page lacks {name}");
    }
}
