//! What a host counts, as OpenMetrics text.
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `workflow_node_calls` | `function`, `outcome` | calls of component functions; `ok`, the kind of the failure, or why the host stopped it |
//! | `workflow_node_call_seconds` | `function` | how long they took |
//! | `workflow_node_running_seconds` | `function` | how long each of them had a thread: component code, and what the host does for it. About its processor time |
//! | `workflow_node_memory_bytes` | `function` | what its memories and tables came to; they do not shrink |
//! | `workflow_node_instances` | | instances that run now |
//! | `workflow_node_requests` | `status` | HTTP requests, by the class of their answer: `2xx`…, or `none` |
//! | `workflow_node_request_bytes` | | bytes of their bodies that went out |
//! | `workflow_node_response_bytes` | | bytes of the bodies of their answers that were read, after unpacking |
//! | `workflow_node_wait_seconds` | `for` | waits for a slot of the pool (`slot`), other calls of the connection (`connection`), the rate budget (`rate`), other calls with the same key (`turn`) |
//! | `workflow_node_compilations` | | components that were compiled, rather than found in the cache or in use |
//!
//! Labels come from small fixed sets, so their number does not grow with
//! connections, operations or what a component says.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the histograms, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];
/// The same for the time that a call had a thread.
const RUNNING: [f64; 12] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];
/// And for memory, in bytes: 1 MiB to 1 GiB.
const MEMORY: [f64; 11] = [
    1_048_576.0,
    2_097_152.0,
    4_194_304.0,
    8_388_608.0,
    16_777_216.0,
    33_554_432.0,
    67_108_864.0,
    134_217_728.0,
    268_435_456.0,
    536_870_912.0,
    1_073_741_824.0,
];
/// Waits that are shorter than this are none.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    function: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Function {
    function: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Waited {
    r#for: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The metrics of one host.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Call, Counter>,
    seconds: Histograms<Function>,
    running: Histograms<Function>,
    memory: Histograms<Function>,
    instances: Gauge,
    requests: Family<Answered, Counter>,
    request_bytes: Counter,
    response_bytes: Counter,
    waits: Histograms<Waited>,
    compilations: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let (calls, instances, requests) = (Family::default(), Gauge::default(), Family::default());
        let seconds = Family::new_with_constructor(histogram);
        let waits = Family::new_with_constructor(histogram);
        let histogram: fn() -> Histogram = || Histogram::new(RUNNING);
        let running = Family::new_with_constructor(histogram);
        let histogram: fn() -> Histogram = || Histogram::new(MEMORY);
        let memory = Family::new_with_constructor(histogram);
        let (request_bytes, response_bytes) = (Counter::default(), Counter::default());
        let mut registry = Registry::with_prefix("workflow_node");
        registry.register("calls", "Calls of component functions", Family::clone(&calls));
        registry.register("call_seconds", "How long calls took", Family::clone(&seconds));
        registry.register("running_seconds", "How long calls had a thread", Family::clone(&running));
        registry.register("memory_bytes", "Memories and tables of calls", Family::clone(&memory));
        registry.register("instances", "Instances that run now", Gauge::clone(&instances));
        registry.register("requests", "HTTP requests by the class of their answer", Family::clone(&requests));
        registry.register("request_bytes", "Bytes of request bodies", Counter::clone(&request_bytes));
        registry.register("response_bytes", "Bytes of response bodies", Counter::clone(&response_bytes));
        registry.register("wait_seconds", "Waits of calls, by what for", Family::clone(&waits));
        let compilations = Counter::default();
        registry.register("compilations", "Components that were compiled", Counter::clone(&compilations));
        Self {
            registry,
            calls,
            seconds,
            running,
            memory,
            instances,
            requests,
            request_bytes,
            response_bytes,
            waits,
            compilations,
        }
    }
}

impl Metrics {
    /// OpenMetrics text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // A `String` takes all that is written to it.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// An instance runs until this is dropped.
    pub(crate) fn instance(&self) -> Running<'_> {
        self.instances.inc();
        Running(&self.instances)
    }

    pub(crate) fn called(&self, function: &'static str, outcome: &'static str, took: Duration) {
        self.calls.get_or_create(&Call { function, outcome }).inc();
        self.seconds.get_or_create(&Function { function }).observe(took.as_secs_f64());
    }

    /// What a call that was started took.
    pub(crate) fn used(&self, function: &'static str, used: Used) {
        let bytes = f64::from(u32::try_from(used.memory).unwrap_or(u32::MAX));
        self.running.get_or_create(&Function { function }).observe(used.running.as_secs_f64());
        self.memory.get_or_create(&Function { function }).observe(bytes);
    }

    /// Bytes of the bodies of a request and its answer.
    pub(crate) fn transferred(&self, request: u64, response: u64) {
        self.request_bytes.inc_by(request);
        self.response_bytes.inc_by(response);
    }

    pub(crate) fn requested(&self, status: Option<u16>) {
        let status = match status {
            Some(100..200) => "1xx",
            Some(200..300) => "2xx",
            Some(300..400) => "3xx",
            Some(400..500) => "4xx",
            Some(_) => "5xx",
            None => "none",
        };
        self.requests.get_or_create(&Answered { status }).inc();
    }

    pub(crate) fn compiled(&self) {
        self.compilations.inc();
    }

    /// `what` is `slot`, `connection`, `rate` or `turn`.
    pub(crate) fn waited(&self, what: &'static str, wait: Duration) {
        if wait >= SHORTEST_WAIT {
            self.waits.get_or_create(&Waited { r#for: what }).observe(wait.as_secs_f64());
        }
    }
}

/// What a call took of its host.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// How long it had a thread.
    pub(crate) running: Duration,
    /// Bytes of its memories and tables.
    pub(crate) memory: usize,
}

/// An instance that runs.
pub(crate) struct Running<'a>(&'a Gauge);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_in_the_text() {
        let metrics = Metrics::default();
        metrics.called("execute", "ok", Duration::from_millis(20));
        metrics.called("execute", "timeout", Duration::from_secs(2));
        metrics.requested(Some(429));
        metrics.requested(None);
        metrics.transferred(7, 5);
        metrics.transferred(1, 0);
        metrics.used("execute", Used { running: Duration::from_micros(300), memory: 3 << 20 });
        metrics.waited("rate", Duration::from_secs(3));
        metrics.waited("slot", Duration::from_micros(3));
        let running = metrics.instance();
        let text = metrics.text();
        for line in [
            r#"workflow_node_calls_total{function="execute",outcome="ok"} 1"#,
            r#"workflow_node_calls_total{function="execute",outcome="timeout"} 1"#,
            r#"workflow_node_call_seconds_count{function="execute"} 2"#,
            r#"workflow_node_call_seconds_bucket{le="0.025",function="execute"} 1"#,
            r#"workflow_node_requests_total{status="4xx"} 1"#,
            r#"workflow_node_requests_total{status="none"} 1"#,
            r#"workflow_node_wait_seconds_count{for="rate"} 1"#,
            "workflow_node_request_bytes_total 8",
            "workflow_node_response_bytes_total 5",
            r#"workflow_node_running_seconds_bucket{le="0.0001",function="execute"} 0"#,
            r#"workflow_node_running_seconds_bucket{le="0.0005",function="execute"} 1"#,
            r#"workflow_node_memory_bytes_sum{function="execute"} 3145728.0"#,
            r#"workflow_node_memory_bytes_bucket{le="2097152.0",function="execute"} 0"#,
            r#"workflow_node_memory_bytes_bucket{le="4194304.0",function="execute"} 1"#,
            "workflow_node_instances 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains(r#"for="slot""#), "{text}");
        drop(running);
        assert!(metrics.text().contains("workflow_node_instances 0"));
    }
}
