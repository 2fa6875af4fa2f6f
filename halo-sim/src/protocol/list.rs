//! The envelope of a list (HAPI §5.1, §5.2).

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::state::Row;

use super::paging::Page;

/// Rows with their envelope, ready to be written as JSON.
#[derive(Debug)]
pub(crate) struct ListBody {
    /// The key of the rows; `None` is a bare array.
    pub(crate) key: Option<&'static str>,
    /// Which page this is.
    pub(crate) page: Page,
    /// The rows of the page.
    pub(crate) rows: Vec<Row>,
    /// Further members of the envelope.
    pub(crate) sidecars: Vec<(&'static str, Value)>,
}

impl Serialize for ListBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(key) = self.key else {
            return self.rows.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        if let Some((page_no, page_size)) = self.page.echo {
            map.serialize_entry("page_no", &page_no)?;
            map.serialize_entry("page_size", &page_size)?;
        }
        if let Some(count) = self.page.record_count {
            map.serialize_entry("record_count", &count)?;
        }
        map.serialize_entry(key, &self.rows)?;
        for (name, value) in &self.sidecars {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
