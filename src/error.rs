//! Failures, told to a person and to a program.
//!
//! Every failure has a [`Code`]: a row of a table that fixes its kind, its
//! stable name and whether a repetition can help. The message says what
//! happened, the advice what to do next. Halo's own words travel beside them
//! and never instead of them. No text holds a secret, markup or a stack trace:
//! what comes from outside goes through [`text`](crate::text) first.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

/// The result of everything that can fail.
pub type Result<T> = core::result::Result<T, NodeError>;

/// What a host does differently about a failure (`error-kind` in WIT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller must change the input.
    InvalidInput,
    /// The credentials or the session are not accepted.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// There is no such record.
    NotFound,
    /// The state at HaloPSA does not allow it.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// HaloPSA cannot be reached or is out of order.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// Refused by the host's rules.
    Denied,
    /// An answer that makes no sense.
    Protocol,
    /// This node does not do that.
    Unsupported,
    /// A fault of this node.
    Internal,
}

impl ErrorKind {
    /// Its name in WIT and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::Protocol => "protocol",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }
}

/// Whether something changed at HaloPSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Certainly not.
    None,
    /// Certainly, though not all that was asked for.
    Applied,
    /// The answer was lost.
    Unknown,
}

impl Effect {
    /// Its name in WIT and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Applied => "applied",
            Self::Unknown => "unknown",
        }
    }
}

/// Advice on repeating the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It will fail again.
    Never,
    /// It may work.
    HostDefault,
    /// It may work after this time.
    After(Duration),
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kind:ident, $retry:ident;)*) => {
        /// Every way to fail that a caller may want to tell apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What a host does about it.
            pub const fn kind(self) -> ErrorKind {
                match self { $(Self::$variant => ErrorKind::$kind,)* }
            }

            const fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)* }
            }
        }
    };
}

codes! {
    /// No such operation.
    UnknownOperation = "halopsa.unknown-operation", InvalidInput, Never;
    /// No such list of values.
    UnknownList = "halopsa.unknown-list", InvalidInput, Never;
    /// A name that no record has.
    UnknownName = "halopsa.unknown-name", InvalidInput, Never;
    /// A name that several records have.
    AmbiguousName = "halopsa.ambiguous-name", InvalidInput, Never;
    /// The item is no JSON object.
    NotAnObject = "halopsa.not-an-object", InvalidInput, Never;
    /// A field or filter that the operation does not have.
    UnknownField = "halopsa.unknown-field", InvalidInput, Never;
    /// A field without which the operation makes no sense.
    MissingField = "halopsa.missing-field", InvalidInput, Never;
    /// A value of the wrong type or out of range.
    InvalidValue = "halopsa.invalid-value", InvalidInput, Never;
    /// More input than fits into memory.
    InputTooLarge = "halopsa.input-too-large", InvalidInput, Never;
    /// A cursor that this operation did not hand out.
    InvalidCursor = "halopsa.invalid-cursor", InvalidInput, Never;
    /// No such trigger.
    UnknownTrigger = "halopsa.unknown-trigger", InvalidInput, Never;
    /// A trigger's state that this node does not read.
    InvalidState = "halopsa.invalid-state", InvalidInput, Never;
    /// A call context that makes no sense.
    InvalidContext = "halopsa.invalid-context", InvalidInput, Never;
    /// A credential field that does not exist.
    UnknownCredential = "halopsa.unknown-credential", InvalidInput, Never;
    /// A credential field that is needed.
    MissingCredential = "halopsa.missing-credential", InvalidInput, Never;
    /// An address that is none.
    InvalidUrl = "halopsa.invalid-url", InvalidInput, Never;
    /// Plain http to another machine.
    PlainHttp = "halopsa.plain-http", InvalidInput, Never;
    /// The instance names an authorisation server that it does not own.
    ForeignAuthServer = "halopsa.foreign-auth-server", InvalidInput, Never;
    /// HaloPSA asks for a field that is not there.
    MandatoryField = "halopsa.mandatory-field-missing", InvalidInput, Never;
    /// HaloPSA does not take the values.
    Rejected = "halopsa.rejected", InvalidInput, Never;
    /// Client id or secret are wrong.
    InvalidClient = "halopsa.invalid-client", Unauthenticated, Never;
    /// The application may not have this scope, or there is none of the name.
    InvalidScope = "halopsa.invalid-scope", Unauthenticated, Never;
    /// The application's authentication method is another one.
    UnauthorizedClient = "halopsa.unauthorized-client", Unauthenticated, Never;
    /// The token endpoint refuses for another reason.
    SignInRefused = "halopsa.sign-in-refused", Unauthenticated, Never;
    /// A fresh token is refused.
    TokenRefused = "halopsa.token-refused", Unauthenticated, Never;
    /// The authorisation server does not know the tenant, or is none.
    WrongTenant = "halopsa.wrong-tenant", Unauthenticated, Never;
    /// The application or its agent may not do this.
    Forbidden = "halopsa.forbidden", Forbidden, Never;
    /// There is no such record.
    RecordNotFound = "halopsa.record-not-found", NotFound, Never;
    /// Other records stand in the way.
    Conflict = "halopsa.conflict", Conflict, Never;
    /// A search ended without saying whether a record is there, so nothing was
    /// written.
    Inconclusive = "halopsa.search-inconclusive", Conflict, HostDefault;
    /// HaloPSA took what was written, and keeps something else.
    NotKept = "halopsa.not-kept", Conflict, Never;
    /// Too many requests.
    RateLimited = "halopsa.rate-limited", RateLimited, HostDefault;
    /// HaloPSA cannot be reached.
    Unreachable = "halopsa.unreachable", Unavailable, HostDefault;
    /// HaloPSA is out of order.
    ServerError = "halopsa.server-error", Unavailable, HostDefault;
    /// The answer to a write was lost.
    AnswerLost = "halopsa.answer-lost", Unavailable, Never;
    /// No answer in time.
    Timeout = "halopsa.timeout", Timeout, HostDefault;
    /// The host's rules do not let the request out.
    EgressDenied = "halopsa.egress-denied", Denied, Never;
    /// Read-only mode.
    ReadOnly = "halopsa.read-only", Denied, Never;
    /// Not in the list of allowed operations.
    NotAllowed = "halopsa.not-allowed", Denied, Never;
    /// Nobody confirmed a destructive operation.
    NotConfirmed = "halopsa.not-confirmed", Denied, Never;
    /// A page of HTML instead of data.
    HtmlAnswer = "halopsa.html-answer", Protocol, Never;
    /// Data that is not what was asked for.
    MalformedAnswer = "halopsa.malformed-answer", Protocol, Never;
    /// More data than we are willing to take.
    AnswerTooLarge = "halopsa.answer-too-large", Protocol, Never;
    /// A redirect, which we do not follow.
    Redirected = "halopsa.redirected", Protocol, Never;
    /// Not in this version.
    Unsupported = "halopsa.unsupported", Unsupported, Never;
    /// A dry run sends nothing, so what HaloPSA must be asked for is not known.
    NotInDryRun = "halopsa.not-in-dry-run", Unsupported, Never;
    /// A fault of ours.
    Internal = "halopsa.internal", Internal, Never;
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
    /// A failure that changed nothing at HaloPSA.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_message(code, message.into())
    }

    // The many places that fail stay small in the component.
    #[inline(never)]
    fn with_message(code: Code, message: Cow<'static, str>) -> Self {
        Self(Box::new(Body {
            code,
            kind: code.kind(),
            message,
            advice: None,
            field: None,
            http_status: None,
            vendor_message: None,
            effect: Effect::None,
            retry: code.retry(),
        }))
    }

    /// Says what to do next.
    pub fn advice(self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.with_advice(advice.into())
    }

    #[inline(never)]
    fn with_advice(mut self, advice: Cow<'static, str>) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Says where: a field name, which becomes a JSON pointer.
    #[inline(never)]
    pub fn field(mut self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let below = self.0.field.take().unwrap_or_default();
        self.0.field = Some(alloc::format!("/{escaped}{below}"));
        self
    }

    /// Keeps the status of the answer.
    pub fn status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Keeps Halo's own words, already cleaned.
    pub fn vendor(mut self, message: Option<String>) -> Self {
        self.0.vendor_message = message.filter(|message| !message.is_empty());
        self
    }

    /// Says what became of the write.
    pub fn effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// The same failure, told otherwise.
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Advises on repeating the call.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// The same failure where the host must react differently, such as a
    /// time-out that lost the answer to a write.
    pub fn kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Which way of failing.
    pub fn get_code(&self) -> Code {
        self.0.code
    }

    /// What a host does about it.
    pub fn get_kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened.
    pub fn get_message(&self) -> &str {
        &self.0.message
    }

    /// What to do next.
    pub fn get_advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// Where, as a JSON pointer.
    pub fn get_field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Status of the answer.
    pub fn get_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Halo's own words.
    pub fn get_vendor(&self) -> Option<&str> {
        self.0.vendor_message.as_deref()
    }

    /// What became of the write.
    pub fn get_effect(&self) -> Effect {
        self.0.effect
    }

    /// Advice on repeating.
    pub fn get_retry(&self) -> Retry {
        self.0.retry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_field_is_a_json_pointer() {
        let error = NodeError::new(Code::InvalidValue, "no").field("a/b").field("0").field("assets");
        assert_eq!(error.get_field(), Some("/assets/0/a~1b"));
    }

    #[test]
    fn code_names_are_namespaced_and_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(names.iter().all(|name| name.starts_with("halopsa.")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
