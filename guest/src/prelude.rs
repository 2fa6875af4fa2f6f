//! What a node of the builder mostly needs.

pub use alloc::borrow::ToOwned;
pub use alloc::format;
pub use alloc::string::{String, ToString};
pub use alloc::vec;
pub use alloc::vec::Vec;

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::{Value, json};

pub use crate::builder::{Choice, Credentials, Event, List, News, Node, Nothing, Operation, Page, Trigger};
pub use crate::client::{Http, Safety};
pub use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
pub use crate::interface::{Attachment, Content, Delivery, Endpoint, Link};
