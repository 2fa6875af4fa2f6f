//! The list of all switches: name, value, help. There is no other list.

use std::{fmt, str::FromStr};

use crate::{ParseError, auth::Access, protocol::ErrorShape};

/// A URL given as the value of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// The URL as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err("a URL".to_owned()) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A rate limit given as the value of a switch: `300`, or `500/180` for another
/// window than five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The most requests in a window.
    pub requests: usize,
    /// The length of the window in seconds.
    pub seconds: u32,
}

impl Rate {
    /// The window of the limit that 429 answers were seen to name, in seconds.
    const USUAL_WINDOW: u32 = 300;

    /// The limit that 429 answers were seen to name (HAPI §12).
    pub(crate) const USUAL: Self = Self { requests: 300, seconds: Self::USUAL_WINDOW };
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (requests, seconds) = text.split_once('/').unwrap_or((text, "300"));
        let rate = requests.trim().parse().ok().zip(seconds.trim().parse().ok());
        rate.filter(|(_, seconds)| *seconds > 0)
            .map(|(requests, seconds)| Self { requests, seconds })
            .ok_or_else(|| "a number of requests, or one and a window: 500/180".to_owned())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            Self::USUAL_WINDOW => write!(formatter, "{}", self.requests),
            seconds => write!(formatter, "{}/{seconds}", self.requests),
        }
    }
}

/// One line of the help.
#[derive(Clone, Copy, Debug)]
pub struct QuirkHelp {
    /// The name on the command line.
    pub name: &'static str,
    /// The placeholder of the value; empty where there is none.
    pub value: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// Ids given as the value of a switch: `12,13`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(Vec<i64>);

impl Ids {
    /// The ids as given.
    #[must_use]
    pub fn as_slice(&self) -> &[i64] {
        &self.0
    }
}

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ids = text.split(',').map(|id| id.trim().parse());
        ids.collect::<Result<_, _>>().map(Self).map_err(|_| "ids with commas between them".to_owned())
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.0.iter().map(i64::to_string).collect();
        formatter.write_str(&ids.join(","))
    }
}

/// Words given as the value of a switch: `agent_id,team`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words as given.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// All of them as one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.join(",")
    }
}

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
        if words.iter().all(|word| !word.is_empty()) {
            return Ok(Self(words));
        }
        Err("words with commas between them".to_owned())
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

macro_rules! quirks {
    ($( $variant:ident $(($kind:ty))? = $name:literal $($value:literal)? : $help:literal; )*) => {
        /// A switch: one thing in which the simulator behaves differently.
        ///
        /// Reads from and prints as `name` or `name=value`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Quirk {
            $( #[doc = $help] $variant $(($kind))?, )*
        }

        impl Quirk {
            /// All switches with their help.
            pub const CATALOGUE: &'static [QuirkHelp] = &[
                $( QuirkHelp { name: $name, value: concat!($($value)?), help: $help }, )*
            ];
        }

        impl FromStr for Quirk {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (text, None),
                };
                match name {
                    $( $name => quirks!(@read name, value, $variant $(, $kind)?), )*
                    _ => Err(ParseError(format!("there is no quirk {name:?}; --help lists all"))),
                }
            }
        }

        impl fmt::Display for Quirk {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                $( quirks!(@show self, formatter, $name, $variant $(, $kind)?); )*
                Ok(())
            }
        }
    };
    (@read $name:ident, $given:ident, $variant:ident) => {
        match $given {
            None => Ok(Self::$variant),
            Some(_) => Err(ParseError(format!("the quirk {} takes no value", $name))),
        }
    };
    (@read $name:ident, $given:ident, $variant:ident, $kind:ty) => {
        match $given {
            None => Err(ParseError(format!("the quirk {} needs a value: {}=…", $name, $name))),
            Some(text) => text
                .parse::<$kind>()
                .map(Self::$variant)
                .map_err(|error| ParseError(format!("the quirk {}: {text:?} does not fit: {error}", $name))),
        }
    };
    (@show $self:ident, $formatter:ident, $name:literal, $variant:ident) => {
        if let Self::$variant = $self {
            return $formatter.write_str($name);
        }
    };
    (@show $self:ident, $formatter:ident, $name:literal, $variant:ident, $kind:ty) => {
        if let Self::$variant(value) = $self {
            return write!($formatter, "{}={value}", $name);
        }
    };
}

quirks! {
    // Lists.
    PageCap(usize) = "page-cap" "N": "all paged lists give at most N rows a page";
    CountOff(i64) = "count-off" "N": "N, which may be negative, is added to every record_count";
    NoCount = "no-count": "record_count is missing";
    RepeatLastPage = "repeat-last-page": "a page past the end is the last one again";
    PageSizeAlone = "page-size-alone": "page_size counts without page_no, too";
    NullKeys = "null-keys": "rows of lists have keys without a value as null instead of leaving them out";
    ActionsNeedTicket = "actions-need-ticket": "/Actions without ticket_id answers 500 instead of no rows";
    AgentSeesNothing = "agent-sees-nothing": "lists are empty with 200: the agent is in no team";

    IgnorePaging = "ignore-paging": "lists send everything, whatever page is asked for";
    NoIds = "no-ids": "rows of lists have no id";
    WrapList = "wrap-list": "lists come as an array that holds the envelope";
    ListKey(Words) = "list-key" "NAME": "the rows of a list come under NAME instead of their own key";
    LookupByIdEmpty = "lookup-by-id-empty": "/Lookup?lookupid=N is empty, and /Lookup holds the rows";

    // Shapes of records.
    NestedNames = "nested-names": "names come inside objects: priority {id, name}, tickettype with its configuration, user {emailaddress}; last_update is flastupdate";
    TextIds = "text-ids": "ids come as text";
    RecordInList = "record-in-list": "a single record comes in the envelope of a list";
    Bom = "bom": "API answers begin with a byte order mark";

    AgentSeesClients(Ids) = "agent-sees-clients" "IDS": "the agent sees these clients and what is theirs only: 12,13";
    AgentSeesTeams(Ids) = "agent-sees-teams" "IDS": "the agent sees tickets of these teams only: 1,2";
    OwnUnseen(u32) = "own-unseen" "N": "the agent does not see the tickets that the API makes and whose id is a multiple of N";

    // Tokens and permissions.
    TokenDiesAfter(u64) = "token-dies-after" "N": "each token is refused with 401 after N API calls";
    RefuseTokens = "refuse-tokens": "every token is refused with 401";
    TokenLifetime(u32) = "token-lifetime" "SECONDS": "tokens live SECONDS instead of 3600";
    Forbid(Access) = "forbid" "GROUP": "the endpoints of a scope group answer 403 with an empty body";
    Unauthorized(Access) = "unauthorized" "GROUP": "the endpoints of a scope group answer 401";
    UnauthorizedRecord(Access) = "unauthorized-record" "GROUP": "single records of a scope group answer 401, its lists do not";
    NotServices = "not-services": "the application's login method is wrong: unauthorized_client";
    AnyTenant = "any-tenant": "an unknown tenant is no error";
    RefreshToken = "refresh-token": "token answers hold a refresh_token";

    // Writes.
    WrapArray = "wrap-array": "POST answers are one-element arrays";
    SummaryLimit(usize) = "summary-limit" "N": "summaries of tickets are cut after N characters";
    AcceptBareObject = "accept-bare-object": "a POST may be an object instead of an array";
    AtomicPost = "atomic-post": "a POST of several elements is done wholly or not at all";
    RecordNotFoundOnBareUpdate = "record-not-found-on-bare-update": "a ticket update without tickettype_id and client_id is refused";
    AssetNeedsTag = "asset-needs-tag": "a new asset without inventory_number is refused";
    ConflictOnDelete = "conflict-on-delete": "deleting a client that has tickets answers 409";
    AppointmentIdChanges = "appointment-id-changes": "a changed appointment gets a new id";
    ExtraActions = "extra-actions": "a single ticket with details carries 94 kB of extra_actions";
    RefuseOutcome(Ids) = "refuse-outcome" "IDS": "the agent has no access to these outcomes";
    KeepNot(Words) = "keep-not" "NAMES": "writes leave these fields as they are and answer 201: agent_id,team";
    OtherRecord = "other-record": "an update is done and answered with another record";
    Warning(Words) = "warning" "NAME": "answers to writes carry NAME as _warning";
    LateReads(i64) = "late-reads" "MS": "a single record is read as it was until MS milliseconds after it was changed";
    StaleAnswers = "stale-answers": "an update is answered with the record as it was before";
    ReportRows(usize) = "report-rows" "N": "reports have N rows, of which 50000 are sent";
    ReportTimeout = "report-timeout": "running a report answers 504";
    AttachmentLinks = "attachment-links": "attachments are given as a link to another port instead of bytes";

    // Throttling and outages.
    RateLimit(Rate) = "rate-limit" "N[/SECONDS]": "more than N API requests in a rolling window answer 429; the window is 5 minutes unless said: 300, 500/180 and 700 are published";
    ThrottleNext(u32) = "throttle-next" "N": "the next N API requests answer 429";
    RetryAfter(u32) = "retry-after" "SECONDS": "429 answers carry Retry-After in seconds";
    RetryAfterDate(u32) = "retry-after-date" "SECONDS": "429 answers carry Retry-After as a date that many seconds ahead";
    NoRetryAfter = "no-retry-after": "429 answers carry no Retry-After; the default, and it wins over the two above";
    UnavailableNext(u32) = "unavailable-next" "N": "the next N API requests answer 503 with a page for people";
    ServerErrorNext(u32) = "server-error-next" "N": "the next N API requests answer 500 with an exception as JSON; with a route below /auth, the next N logins";
    ErrorShape(ErrorShape) = "error-shape" "NAME": "refusals of the API have another body: exception, message, lower-message, error, error-description, nested-error, result-code, text, model-state, problem, single-key, empty, html";

    // Answers that are wrong.
    Html200 = "html-200": "API answers are a page for people with 200";
    WrongShape = "wrong-shape": "API answers are JSON of another shape";
    DeepJson = "deep-json": "API answers are ten million opening brackets";
    GzipBomb = "gzip-bomb": "API answers are a megabyte of gzip that unpacks to a gigabyte";
    Truncate = "truncate": "API answers end in the middle, with a Content-Length that fits";
    Cut = "cut": "the connection is closed in the middle of an API answer";
    CutAfterCommit(u32) = "cut-after-commit" "N": "the next N writes are done, then the connection is closed without an answer";
    CutEveryCommit(u32) = "cut-every-commit" "N": "every Nth write is done, then the connection is closed without an answer";
    CutBeforeCommit(u32) = "cut-before-commit" "N": "the next N writes are not done, and the connection is closed without an answer";

    // Late.
    LateCommit(u64) = "late-commit" "MS": "the connection is closed without an answer to a write, which is done MS milliseconds later";
    LateGateway(u64) = "late-gateway" "MS": "a gateway answers 504 to a write, which is done MS milliseconds later";
    SlowWrite(u64) = "slow-write" "MS": "writes take MS milliseconds, and are done even if nobody waits for the answer any more";
    LateLists(u64) = "late-lists" "MS": "lists and searches show what was written MS milliseconds later";

    // Time and transport.
    Silent = "silent": "requests are accepted and never answered";
    SilentApi = "silent-api": "tokens are given, but the API never answers";
    Latency(u64) = "latency" "MS": "every answer waits MS milliseconds";
    Jitter(u64) = "jitter" "MS": "every answer waits up to MS milliseconds more";
    SlowBody(u64) = "slow-body" "MS": "API answers come in 16 pieces with MS milliseconds between them";
    EndlessBody = "endless-body": "API answers never end";
    Chunked = "chunked": "answers are chunked instead of having a Content-Length";

    // Webhooks.
    AnyChangeEvent = "any-change-event": "event 61 fires for any change of a ticket, as one integration counts on";
    LookupIdsAsText = "lookup-ids-as-text": "lookupid and id of /Lookup rows are texts";
    WebhookListsAreShort = "webhook-lists-are-short": "lists of webhooks have no note, and lists of notifications no webhook_id";
    DeliveryDrop = "delivery-drop": "deliveries of webhooks get lost; the log shows them as failed";
    DeliveryRepeat(u32) = "delivery-repeat" "N": "each delivery is sent N times more";
    DeliveryDelay(u64) = "delivery-delay" "MS": "deliveries wait MS milliseconds, and later ones overtake them";
    DeliveryReorder(usize) = "delivery-reorder" "N": "N deliveries, or those of a second, are collected and the last is sent first";
    DeliveryRetry(u32) = "delivery-retry" "N": "a delivery that fails is tried N times more, a second apart";

    // Clocks.
    ClockAhead(i64) = "clock-ahead" "SECONDS": "times are written by a clock that is SECONDS ahead, or behind with a negative number";
    UpdatedAt(Target) = "updated-at" "DATE": "written tickets say DATE as their last update: a date of any kind, or none";

    // Where to go.
    Redirect(Target) = "redirect" "URL": "API requests answer 302 to URL";
    RedirectToken(Target) = "redirect-token" "URL": "token requests answer 302 to URL";
    LyingAuthinfo(Target) = "lying-authinfo" "URL": "/api/authinfo names another authorisation server";
    NoAuthinfo = "no-authinfo": "/api/authinfo answers 404";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_reads_back_as_it_prints() {
        for help in Quirk::CATALOGUE {
            let value = match help.value {
                "" => String::new(),
                "N[/SECONDS]" => "=7/180".to_owned(),
                "N" | "SECONDS" | "MS" => "=7".to_owned(),
                "IDS" => "=7,8".to_owned(),
                "GROUP" => "=edit:tickets".to_owned(),
                "NAME" if help.name != "error-shape" => "=audits".to_owned(),
                "NAMES" => "=agent_id,team".to_owned(),
                "URL" => "=http://other.example/auth?a=b".to_owned(),
                "DATE" => "=2099-01-01T00:00:00".to_owned(),
                _ => "=problem".to_owned(),
            };
            let text = format!("{}{value}", help.name);
            let quirk: Result<Quirk, _> = text.parse();
            assert_eq!(quirk.map(|quirk| quirk.to_string()), Ok(text));
        }
    }

    #[test]
    fn a_switch_with_a_missing_or_wrong_value_is_refused_with_its_name() {
        for text in
            ["rate-limit=7/0", "page-cap", "page-cap=many", "silent=1", "sillent", "forbid=everything"]
        {
            assert!(text.parse::<Quirk>().is_err(), "{text}");
        }
        assert_eq!("count-off=-17".parse(), Ok(Quirk::CountOff(-17)));
        assert_eq!("rate-limit=300".parse(), Ok(Quirk::RateLimit(Rate::USUAL)));
    }
}
