//! The table of the codes.

use super::{ErrorKind, Retry};

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

            /// Whether the same call may succeed later.
            pub const fn retry(self) -> Retry {
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
