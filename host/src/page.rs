//! The page for operators tells the numbers of this crate, and all its metrics.

use std::time::Duration;

use crate::inspect::ComponentLimits;
use crate::limits::Limits;
use crate::metrics::{Metrics, Used};
use crate::options::{CallOptions, ConnectionOptions};
use crate::quota::ConnectionLimits;
use crate::{
    budget, call, client, connector, decode, fold, held, host, http, limits, links, logs, names, quota,
    replay, session,
};

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
    let (shares, component) = (ConnectionLimits::default(), ComponentLimits::default());
    let request_bytes = usize::try_from(shares.request_bytes).expect("small");
    for (what, number) in [
        ("memories and tables of one call", mib(memory)),
        ("the result of one call", mib(result)),
        ("a session", kib(session::LARGEST)),
        ("lines that one call logs", logs::LINES.to_string()),
        ("the results of one run", mib(run)),
        ("one answer", mib(response)),
        ("headers of one answer", kib(client::HEADERS)),
        ("headers that a guest makes", kib(held::MAP)),
        ("unread bytes of one HTTP/2 answer", kib(client::STREAM_WINDOW as usize)),
        ("the same of all answers of an HTTP/2 connection", mib(client::CONNECTION_WINDOW as usize)),
        ("calls of one connection at once", quota::CALLS.to_string()),
        ("sockets of one connection", shares.sockets.to_string()),
        ("requests of one call", shares.requests.to_string()),
        ("request bodies of one call together", mib(request_bytes)),
        ("names that a connection looks up at once", names::LOOKUPS_OF_ONE.to_string()),
        ("names that a host looks up at once", names::LOOKUPS.to_string()),
        ("a looked-up name", seconds(names::REMEMBERED)),
        ("an address that does not answer", format!("{} ms", connector::ATTEMPT.as_millis())),
        ("handles to them, with those that are lent", call::HANDLES.to_string()),
        ("a wait for calls with the same key", seconds(CallOptions::default().deadline)),
        ("bytes", component.bytes.to_string()),
        ("functions", component.functions.to_string()),
        ("blocks inside each other", component.nesting.to_string()),
        ("loops inside each other", component.loops.to_string()),
        ("blocks in one function", component.blocks.to_string()),
        ("blocks in all functions", component.all_blocks.to_string()),
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
fn the_page_tells_what_a_call_takes_beside_its_memory_and_its_result() {
    let windows = http::AT_ONCE * client::STREAM_WINDOW as usize;
    assert!(windows <= client::CONNECTION_WINDOW as usize / 4, "a call leaves the others their window");
    // An answer under way: its window, a head, a piece that is unpacked, and a request's chunk.
    let under_way = client::STREAM_WINDOW as usize + client::HEADERS + http::CHUNK + decode::PIECE;
    assert!(under_way <= 512 << 10, "{under_way}");
    let allocator = 16 << 20;
    let beside = replay::HELD + http::AT_ONCE * (512 << 10) + allocator;
    assert!(
        PAGE.contains(&format!("slots × (memory limit + result limit + {})", mib(beside))),
        "{}",
        mib(beside)
    );
}

#[test]
fn the_page_names_every_metric() {
    let metrics = Metrics::default();
    // What never happened is not told.
    metrics.called("execute", "ok", Duration::ZERO);
    metrics.requested(Some(200));
    metrics.used("execute", Used::default());
    metrics.waited("rate", Duration::from_secs(1));
    let text = metrics.text();
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    assert!(names.len() == 10, "{text}");
    for name in names {
        assert!(PAGE.contains(&format!("`{name}`")), "the page lacks {name}");
    }
}
