//! What records were before they were changed, for reads that lag behind.

use std::sync::{Mutex, PoisonError};

use super::{Key, Row, TableId};

/// A record as it was, and until when it is read so.
#[derive(Debug)]
struct Before {
    table: TableId,
    key: Key,
    row: Row,
    until_ms: i64,
}

/// Records as they were.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Vec<Before>>);

impl Recent {
    /// Remembers a record as it was before a change.
    pub(crate) fn keep(&self, table: TableId, key: Key, row: Row, until_ms: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|before| before.table != table || before.key != key);
        all.push(Before { table, key, row, until_ms });
    }

    /// The record as it was, if it is still read so.
    pub(crate) fn row(&self, table: TableId, key: &Key, now_ms: i64) -> Option<Row> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.iter().find(|before| before.table == table && before.key == *key);
        kept.filter(|before| now_ms < before.until_ms).map(|before| before.row.clone())
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
