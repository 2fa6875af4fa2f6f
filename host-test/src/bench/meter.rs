//! Time on the processors, memory of this process, requests, and percentiles.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use workflow_node_host::{RequestEvent, RequestObserver};

/// Time that the threads of this process have been on a processor; none where
/// the system does not tell. Linux counts it in nanoseconds for each thread;
/// threads that ended are not in it, and those of the runtime do not end.
pub(super) fn cpu() -> Option<Duration> {
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let Ok(text) = fs::read_to_string(task.ok()?.path().join("schedstat")) else { continue };
        nanoseconds += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanoseconds))
}

/// Megabytes of this process in memory, now or at most (`VmRSS`, `VmHWM`).
pub(super) fn memory(which: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// Durations to draw percentiles from.
#[derive(Default)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// In seconds; 0 where nothing was measured.
    pub(super) fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).map_or(0.0, Duration::as_secs_f64)
    }

    pub(super) fn median(&mut self) -> f64 {
        self.percentile(50)
    }
}

impl FromIterator<Duration> for Sample {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}

/// Counts requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    all: AtomicUsize,
    logins: AtomicUsize,
}

impl Requests {
    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Requests for a token.
    pub(super) fn logins(&self) -> usize {
        self.logins.load(Ordering::Relaxed)
    }
}

impl RequestObserver for Requests {
    fn observed(&self, event: &RequestEvent) {
        self.all.fetch_add(1, Ordering::Relaxed);
        if event.url.split('?').next().is_some_and(|path| path.ends_with("/token")) {
            self.logins.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_sample() {
        let mut sample: Sample = (1..=101).rev().map(Duration::from_secs).collect();
        assert_eq!((sample.median(), sample.percentile(99)), (51.0, 100.0));
        assert_eq!(Sample::default().median(), 0.0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_takes_time_on_a_processor() {
        let before = cpu();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(20) {
            std::hint::black_box(());
        }
        assert!(cpu() > before);
        assert!(memory("VmRSS").is_some_and(|megabytes| megabytes > 1.0));
    }
}
