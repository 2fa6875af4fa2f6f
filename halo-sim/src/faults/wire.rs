//! Faults of the connection: bodies that are slow, cut, endless or too short.
//!
//! A [`Script`] is a response body that plays a list of steps.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::Knobs;

/// The connection ends here, without a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Dropped {}

impl From<Infallible> for Dropped {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[derive(Debug)]
enum Step {
    Send(Bytes),
    Wait(Duration),
    Drop,
    Forever(Bytes),
}

/// A response body that plays steps.
#[derive(Debug)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    length: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Script {
    /// The body for an answer under these switches; `api` says whether the
    /// faults that spare the login apply.
    #[must_use]
    pub(crate) fn new(body: Bytes, knobs: &Knobs, api: bool) -> Self {
        let length = Some(body.len() as u64).filter(|_| !knobs.chunked);
        let half = body.len() / 2;
        if !api {
            return Self::plain(body, length);
        }
        if knobs.endless_body {
            return Self::of(vec![Step::Send(body), Step::Forever(Bytes::from(vec![b' '; 16_384]))], None);
        }
        if knobs.cut {
            // Without the pause the server would drop what it has not flushed yet.
            let pause = Step::Wait(Duration::from_millis(20));
            return Self::of(vec![Step::Send(body.slice(..half)), pause, Step::Drop], length);
        }
        let body = if knobs.truncate { body.slice(..half) } else { body };
        let length = length.map(|_| body.len() as u64);
        match knobs.slow_body {
            Some(pause) => Self::of(pieces(&body, pause), length),
            None => Self::plain(body, length),
        }
    }

    fn plain(body: Bytes, length: Option<u64>) -> Self {
        Self::of(vec![Step::Send(body)], length)
    }

    fn of(steps: Vec<Step>, length: Option<u64>) -> Self {
        Self { steps: steps.into(), length, pause: None }
    }
}

/// The number of pieces of a slow body.
const PIECES: usize = 16;

fn pieces(body: &Bytes, pause: Duration) -> Vec<Step> {
    let size = body.len().div_ceil(PIECES).max(1);
    let mut steps = Vec::new();
    let mut start = 0;
    while start < body.len() {
        let end = (start + size).min(body.len());
        steps.push(Step::Wait(pause));
        steps.push(Step::Send(body.slice(start..end)));
        start = end;
    }
    steps
}

impl Body for Script {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(data)) if data.is_empty() => {}
                Some(Step::Send(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Step::Wait(time)) => self.pause = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Drop) => return Poll::Ready(Some(Err(Dropped))),
                Some(Step::Forever(data)) => {
                    self.steps.push_front(Step::Forever(data.clone()));
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
