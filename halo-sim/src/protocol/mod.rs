//! The wire: queries, dates, list envelopes, answers, error bodies.
//!
//! Pure functions and plain types. Not here: what the data means, who may see
//! it, and what goes wrong on purpose.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod dates;
pub(crate) mod errors;
pub(crate) mod list;
pub(crate) mod multipart;
pub(crate) mod paging;
pub(crate) mod query;

pub(crate) use answer::Answer;
pub(crate) use errors::{ErrorShape, Refusal};
pub(crate) use query::Query;
