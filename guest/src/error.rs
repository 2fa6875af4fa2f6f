//! Failures, for a person and for a program (`node-error` in WIT).
//!
//! Every failure has a [`Code`], which fixes its stable name, its kind and whether a
//! repetition can help. The message says what happened, the advice what to do next;
//! the service's own words are kept beside them. No text holds a secret, markup or a
//! stack trace: what comes from outside goes through [`text`](crate::text) first.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

/// The result of everything that can fail.
pub type Result<T> = core::result::Result<T, NodeError>;

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$case_doc:meta])* $case:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($(#[$case_doc])* $case,)* }

        impl $type {
            /// Its name in WIT and JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$case => $name,)* }
            }
        }
    };
}

named! {
    /// What went wrong, divided by what a host does about it (`error-kind` in WIT).
    ErrorKind {
        /// The caller must change the input.
        InvalidInput = "invalid-input",
        /// The credentials or the session are not accepted.
        Unauthenticated = "unauthenticated",
        /// The account is not allowed to do this.
        Forbidden = "forbidden",
        /// There is no such record.
        NotFound = "not-found",
        /// The state at the service does not allow it.
        Conflict = "conflict",
        /// Too many requests.
        RateLimited = "rate-limited",
        /// The service cannot be reached or is out of order.
        Unavailable = "unavailable",
        /// No answer in time.
        Timeout = "timeout",
        /// Refused by the host's rules.
        Denied = "denied",
        /// Unexpected response from the service.
        Protocol = "protocol",
        /// The node does not offer this.
        Unsupported = "unsupported",
        /// A fault in the node.
        Internal = "internal",
    }
}

named! {
    /// Whether the failed call changed something at the service.
    Effect {
        /// Certainly not.
        None = "none",
        /// Certainly, though not all that was asked for.
        Applied = "applied",
        /// Possibly: the answer was lost.
        Unknown = "unknown",
    }
}

/// Advice on repeating the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It will fail again.
    Never,
    /// It may succeed; the host chooses when.
    HostDefault,
    /// It may succeed after this time.
    After(Duration),
}

/// A way to fail that a caller may want to tell apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    name: &'static str,
    kind: ErrorKind,
    retry: Retry,
}

impl Code {
    /// A code of a node. The exports put the name of the node and a dot before a
    /// name without a dot: `missing-field` becomes `todo.missing-field`.
    pub const fn new(name: &'static str, kind: ErrorKind, retry: Retry) -> Self {
        Self { name, kind, retry }
    }

    const fn permanent(name: &'static str, kind: ErrorKind) -> Self {
        Self::new(name, kind, Retry::Never)
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What a host does about it.
    pub const fn kind(self) -> ErrorKind {
        self.kind
    }

    /// The host passed something that the interface does not allow.
    pub const INVALID_CONTEXT: Self = Self::permanent("invalid-context", ErrorKind::InvalidInput);
    /// A cursor that this operation did not return.
    pub const INVALID_CURSOR: Self = Self::permanent("invalid-cursor", ErrorKind::InvalidInput);
    /// A trigger's state that this node does not read.
    pub const INVALID_STATE: Self = Self::permanent("invalid-state", ErrorKind::InvalidInput);
    /// More input than fits into memory.
    pub const INPUT_TOO_LARGE: Self = Self::permanent("input-too-large", ErrorKind::InvalidInput);
    /// More data than a call can hold.
    pub const ANSWER_TOO_LARGE: Self = Self::permanent("answer-too-large", ErrorKind::Protocol);
    /// A fault of the node.
    pub const INTERNAL: Self = Self::permanent("internal", ErrorKind::Internal);
}

/// A name with that of the node before it, unless it has one.
pub fn full_name(node: &str, name: &str) -> String {
    if name.contains('.') { name.into() } else { format!("{node}.{name}") }
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeError(Box<Body>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Body {
    code: Code,
    kind: ErrorKind,
    message: Cow<'static, str>,
    advice: Option<Cow<'static, str>>,
    field: Option<String>,
    http_status: Option<u16>,
    vendor_message: Option<String>,
    effect: Effect,
    retry: Retry,
}

impl NodeError {
    /// A failure that changed nothing at the service.
    pub fn new(code: impl Into<Code>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(code.into(), message.into())
    }

    // The many places that fail stay small in the component.
    #[inline(never)]
    fn of(code: Code, message: Cow<'static, str>) -> Self {
        Self(Box::new(Body {
            code,
            kind: code.kind,
            message,
            advice: None,
            field: None,
            http_status: None,
            vendor_message: None,
            effect: Effect::None,
            retry: code.retry,
        }))
    }

    /// Says what to do next.
    pub fn with_advice(self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advised(advice.into())
    }

    #[inline(never)]
    fn advised(mut self, advice: Cow<'static, str>) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Says where: a field name, which becomes a JSON pointer. Called again, it puts
    /// the name of what holds the field before it.
    #[inline(never)]
    pub fn with_field(mut self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let below = self.0.field.take().unwrap_or_default();
        self.0.field = Some(format!("/{escaped}{below}"));
        self
    }

    /// Keeps the status of the response.
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Keeps the service's own words, already cleaned.
    pub fn with_vendor_message(mut self, message: Option<String>) -> Self {
        self.0.vendor_message = message.filter(|message| !message.is_empty());
        self
    }

    /// Says what became of a write.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// The same failure with another message.
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Advises on repeating the call.
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// The same failure where the host must react differently, such as a
    /// time-out that lost the answer to a write.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Which way of failing.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What a host does about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// Where, as a JSON pointer.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Status of the response.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The service's own words.
    pub fn vendor_message(&self) -> Option<&str> {
        self.0.vendor_message.as_deref()
    }

    /// What became of a write.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// Advice on repeating the call.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_field_is_a_json_pointer() {
        let error = NodeError::new(Code::INTERNAL, "no");
        let error = error.with_field("a/b").with_field("0").with_field("assets");
        assert_eq!(error.field(), Some("/assets/0/a~1b"));
    }
}
