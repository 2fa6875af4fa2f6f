//! The end of a host: no new calls, and time for those that run.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Counts the calls that run, and lets no more in once it is closed.
#[derive(Debug, Default)]
pub(crate) struct Door {
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    inside: usize,
    closed: bool,
}

/// A call that is inside until this is dropped.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Door);

impl Door {
    /// Lets a call in; `None` once the door is closed.
    pub(crate) fn enter(&self) -> Option<Inside<'_>> {
        let mut entered = false;
        self.state.send_if_modified(|state| {
            entered = !state.closed;
            state.inside += usize::from(entered);
            false
        });
        entered.then(|| Inside(self))
    }

    /// Closes the door and waits until everybody has left, or for so long. How
    /// many are still inside.
    pub(crate) async fn close(&self, patience: Duration) -> usize {
        self.state.send_modify(|state| state.closed = true);
        let mut state = self.state.subscribe();
        // It ends early only with the door, and then nobody is inside.
        let _ = timeout(patience, state.wait_for(|state| state.inside == 0)).await;
        self.state.borrow().inside
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.state.send_if_modified(|state| {
            state.inside = state.inside.saturating_sub(1);
            state.closed && state.inside == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn whoever_is_inside_may_finish_and_nobody_else_comes_in() {
        let door = Arc::new(Door::default());
        let inside = door.enter().expect("open");
        let closing = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.close(Duration::from_secs(60)).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!closing.is_finished());
        assert!(door.enter().is_none());
        drop(inside);
        assert_eq!(closing.await.expect("no panic"), 0);
        assert_eq!(door.close(Duration::ZERO).await, 0, "closing twice is no harm");
    }

    #[tokio::test]
    async fn patience_ends() {
        let door = Door::default();
        let _inside = door.enter().expect("open");
        assert_eq!(door.close(Duration::from_millis(10)).await, 1);
    }
}
