//! How the demo looks: numbered steps, aligned facts, a time for each step.

use std::fmt::Display;
use std::io;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::commands::print;
use crate::paint::Paint;

/// Prints the demo as it goes.
pub(super) struct Stage {
    paint: Paint,
    number: usize,
    began: Instant,
    step_began: Instant,
}

impl Stage {
    /// A stage on stdout.
    pub(super) fn stdout() -> Self {
        let now = Instant::now();
        Self { paint: Paint::of(&io::stdout()), number: 0, began: now, step_began: now }
    }

    /// The colours in use.
    pub(super) fn paint(&self) -> Paint {
        self.paint
    }

    /// The step that is on.
    pub(super) fn step_number(&self) -> usize {
        self.number
    }

    /// Begins a step. Its title is there before its work is done, so that a
    /// slow one does not look like a dead one.
    pub(super) fn step(&mut self, title: &str) -> Result<()> {
        self.number += 1;
        self.step_began = Instant::now();
        let number = self.paint.dim(format_args!("{:>2}", self.number));
        print(format_args!("\n{number}  {}", self.paint.bold(title)))
    }

    /// A fact of the step.
    pub(super) fn fact(&self, name: &str, value: impl Display) -> Result<()> {
        print(format_args!("    {} {value}", self.paint.dim(format_args!("{name:<11}"))))
    }

    /// A line of the step that is laid out already.
    pub(super) fn line(&self, text: impl Display) -> Result<()> {
        print(format_args!("    {text}"))
    }

    /// Ends a step with its time and, where it made any, its requests.
    pub(super) fn done(&self, requests: Option<u64>) -> Result<()> {
        let time = milliseconds(self.step_began.elapsed());
        let cost = match requests {
            None => time,
            Some(0) => format!("{time}, no request"),
            Some(1) => format!("{time}, 1 request"),
            Some(requests) => format!("{time}, {requests} requests"),
        };
        self.fact("took", self.paint.dim(cost))
    }

    /// The last lines.
    pub(super) fn close(&self, next: &str) -> Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        print(format_args!(
            "\n{} All {} steps went as they should, in {seconds:.1} s.",
            self.paint.good("✓"),
            self.number
        ))?;
        print(format_args!("  {next}"))
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_milliseconds() {
        assert_eq!(milliseconds(Duration::from_micros(12_700)), "12 ms");
    }
}
