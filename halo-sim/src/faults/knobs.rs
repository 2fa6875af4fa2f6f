//! The switches of one request, resolved.

use std::time::Duration;

use super::quirk::{Quirk, Rate, Target};
use super::shapes::Shapes;
use crate::{
    auth::{Access, Group, Level},
    protocol::{ErrorShape, paging::PageQuirks},
    resources::sight::Limits,
};

/// What a spoilt API answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoilt {
    /// A page for people with 200.
    Html,
    /// JSON of another shape.
    WrongShape,
    /// Nothing but opening brackets.
    DeepJson,
    /// A thousand times what it was when it is unpacked.
    GzipBomb,
}

/// How a 429 tells when to come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// It does not: no captured answer has the header (HAPI §12).
    #[default]
    Absent,
    /// In seconds.
    Seconds(u32),
    /// As an HTTP date, this many seconds ahead.
    Date(u32),
}

/// How a write gets along without its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lateness {
    /// It does not: it is done, and answered.
    #[default]
    None,
    /// The connection is closed, and it is done after this time.
    Cut(Duration),
    /// A gateway answers, and it is done after this time.
    Gateway(Duration),
    /// It takes this time, and is answered then.
    Slow(Duration),
}

/// What happens to one delivery of a webhook.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeliveryKnobs {
    pub(crate) drop: bool,
    pub(crate) repeat: u32,
    pub(crate) delay: Duration,
    pub(crate) reorder: usize,
    pub(crate) retry: u32,
}

/// What applies to one request, one field per question that the code asks.
#[derive(Clone, Debug, Default)]
// What each means stands at the variant of Quirk.
pub(crate) struct Knobs {
    pub(crate) page: PageQuirks,
    pub(crate) null_keys: bool,
    pub(crate) actions_need_ticket: bool,
    pub(crate) asset_needs_tag: bool,
    pub(crate) unauthorized_records: Vec<Access>,
    pub(crate) agent_sees_nothing: bool,
    pub(crate) sight: Limits,
    pub(crate) appointment_id_changes: bool,
    pub(crate) extra_actions: bool,
    pub(crate) token_dies_after: Option<u64>,
    pub(crate) refuse_tokens: bool,
    pub(crate) token_lifetime: Option<u32>,
    pub(crate) forbidden: Vec<Access>,
    pub(crate) unauthorized: Vec<Access>,
    pub(crate) not_services: bool,
    pub(crate) any_tenant: bool,
    pub(crate) refresh_token: bool,
    pub(crate) wrap_array: bool,
    pub(crate) summary_limit: Option<usize>,
    pub(crate) lateness: Lateness,
    /// For how long lists show what was there before.
    pub(crate) late_lists: Duration,
    pub(crate) accept_bare_object: bool,
    pub(crate) atomic_post: bool,
    pub(crate) record_not_found_on_bare_update: bool,
    pub(crate) conflict_on_delete: bool,
    pub(crate) refused_outcomes: Vec<i64>,
    pub(crate) attachment_links: bool,
    pub(crate) shapes: Shapes,
    pub(crate) lookup_by_id_empty: bool,
    /// Fields that writes leave as they are.
    pub(crate) not_kept: Vec<String>,
    pub(crate) other_record: bool,
    pub(crate) warning: Option<String>,
    /// For how many milliseconds reads show what was before a change.
    pub(crate) late_reads: Option<i64>,
    pub(crate) stale_answers: bool,
    pub(crate) report_rows: Option<usize>,
    pub(crate) report_timeout: bool,
    pub(crate) rate_limit: Option<Rate>,
    pub(crate) retry_after: RetryAfter,
    pub(crate) throttle: bool,
    pub(crate) unavailable: bool,
    pub(crate) server_error: bool,
    pub(crate) cut_before_commit: bool,
    pub(crate) cut_after_commit: bool,
    pub(crate) error_shape: Option<ErrorShape>,
    pub(crate) spoilt: Option<Spoilt>,
    pub(crate) truncate: bool,
    pub(crate) cut: bool,
    pub(crate) silent: bool,
    pub(crate) silent_api: bool,
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    pub(crate) slow_body: Option<Duration>,
    pub(crate) endless_body: bool,
    pub(crate) chunked: bool,
    pub(crate) delivery: DeliveryKnobs,
    pub(crate) any_change_event: bool,
    pub(crate) lookup_ids_as_text: bool,
    pub(crate) webhook_lists_are_short: bool,
    pub(crate) clock_ahead: i64,
    pub(crate) updated_at: Option<Target>,
    pub(crate) redirect: Option<Target>,
    pub(crate) redirect_token: Option<Target>,
    pub(crate) lying_authinfo: Option<Target>,
    pub(crate) no_authinfo: bool,
}

impl Knobs {
    /// Turns one switch on. Where two disagree, the later one counts.
    pub(super) fn turn(&mut self, quirk: &Quirk) {
        match quirk {
            Quirk::PageCap(rows) => self.page.cap = Some(*rows),
            Quirk::CountOff(by) => self.page.count_off = *by,
            Quirk::NoCount => self.page.no_count = true,
            Quirk::RepeatLastPage => self.page.repeat_last = true,
            Quirk::PageSizeAlone => self.page.size_alone = true,
            Quirk::NullKeys => self.null_keys = true,
            Quirk::ActionsNeedTicket => self.actions_need_ticket = true,
            Quirk::AssetNeedsTag => self.asset_needs_tag = true,
            Quirk::UnauthorizedRecord(access) => self.unauthorized_records.push(*access),
            Quirk::AgentSeesNothing => self.agent_sees_nothing = true,
            Quirk::AgentSeesClients(ids) => self.sight.clients = Some(ids.as_slice().to_vec()),
            Quirk::AgentSeesTeams(ids) => self.sight.teams = Some(ids.as_slice().to_vec()),
            Quirk::OwnUnseen(every) => self.sight.own_unseen = Some(*every),
            Quirk::AppointmentIdChanges => self.appointment_id_changes = true,
            Quirk::ExtraActions => self.extra_actions = true,
            Quirk::TokenDiesAfter(calls) => self.token_dies_after = Some(*calls),
            Quirk::RefuseTokens => self.refuse_tokens = true,
            Quirk::TokenLifetime(seconds) => self.token_lifetime = Some(*seconds),
            Quirk::Forbid(access) => self.forbidden.push(*access),
            Quirk::Unauthorized(access) => self.unauthorized.push(*access),
            Quirk::NotServices => self.not_services = true,
            Quirk::AnyTenant => self.any_tenant = true,
            Quirk::RefreshToken => self.refresh_token = true,
            Quirk::WrapArray => self.wrap_array = true,
            Quirk::SummaryLimit(characters) => self.summary_limit = Some(*characters),
            Quirk::LateCommit(ms) => self.lateness = Lateness::Cut(Duration::from_millis(*ms)),
            Quirk::LateGateway(ms) => self.lateness = Lateness::Gateway(Duration::from_millis(*ms)),
            Quirk::SlowWrite(ms) => self.lateness = Lateness::Slow(Duration::from_millis(*ms)),
            Quirk::LateLists(ms) => self.late_lists = Duration::from_millis(*ms),
            Quirk::AcceptBareObject => self.accept_bare_object = true,
            Quirk::AtomicPost => self.atomic_post = true,
            Quirk::RecordNotFoundOnBareUpdate => self.record_not_found_on_bare_update = true,
            Quirk::ConflictOnDelete => self.conflict_on_delete = true,
            Quirk::RefuseOutcome(ids) => self.refused_outcomes.extend(ids.as_slice()),
            Quirk::IgnorePaging => self.page.ignored = true,
            Quirk::NoIds => self.shapes.no_ids = true,
            Quirk::WrapList => self.shapes.wrap_list = true,
            Quirk::ListKey(name) => self.shapes.list_key = Some(name.text()),
            Quirk::LookupByIdEmpty => self.lookup_by_id_empty = true,
            Quirk::NestedNames => self.shapes.nested_names = true,
            Quirk::TextIds => self.shapes.text_ids = true,
            Quirk::RecordInList => self.shapes.record_in_list = true,
            Quirk::Bom => self.shapes.bom = true,
            Quirk::KeepNot(names) => self.not_kept.extend_from_slice(names.as_slice()),
            Quirk::OtherRecord => self.other_record = true,
            Quirk::Warning(words) => self.warning = Some(words.text()),
            Quirk::LateReads(ms) => self.late_reads = Some(*ms),
            Quirk::StaleAnswers => self.stale_answers = true,
            Quirk::ReportRows(rows) => self.report_rows = Some(*rows),
            Quirk::ReportTimeout => self.report_timeout = true,
            Quirk::AttachmentLinks => self.attachment_links = true,
            Quirk::RateLimit(rate) => self.rate_limit = Some(*rate),
            Quirk::ThrottleNext(_) => self.throttle = true,
            Quirk::RetryAfter(seconds) => self.say_retry_after(RetryAfter::Seconds(*seconds)),
            Quirk::RetryAfterDate(seconds) => self.say_retry_after(RetryAfter::Date(*seconds)),
            Quirk::NoRetryAfter => self.retry_after = RetryAfter::Absent,
            Quirk::UnavailableNext(_) => self.unavailable = true,
            Quirk::ServerErrorNext(_) => self.server_error = true,
            Quirk::ErrorShape(shape) => self.error_shape = Some(*shape),
            Quirk::Html200 => self.spoilt = Some(Spoilt::Html),
            Quirk::WrongShape => self.spoilt = Some(Spoilt::WrongShape),
            Quirk::DeepJson => self.spoilt = Some(Spoilt::DeepJson),
            Quirk::GzipBomb => self.spoilt = Some(Spoilt::GzipBomb),
            Quirk::Truncate => self.truncate = true,
            Quirk::Cut => self.cut = true,
            Quirk::CutAfterCommit(_) | Quirk::CutEveryCommit(_) => self.cut_after_commit = true,
            Quirk::CutBeforeCommit(_) => self.cut_before_commit = true,
            Quirk::Silent => self.silent = true,
            Quirk::SilentApi => self.silent_api = true,
            Quirk::Latency(ms) => self.latency = Duration::from_millis(*ms),
            Quirk::Jitter(ms) => self.jitter = Duration::from_millis(*ms),
            Quirk::SlowBody(ms) => self.slow_body = Some(Duration::from_millis(*ms)),
            Quirk::EndlessBody => self.endless_body = true,
            Quirk::Chunked => self.chunked = true,
            Quirk::DeliveryDrop => self.delivery.drop = true,
            Quirk::DeliveryRepeat(times) => self.delivery.repeat = *times,
            Quirk::DeliveryDelay(ms) => self.delivery.delay = Duration::from_millis(*ms),
            Quirk::DeliveryReorder(rows) => self.delivery.reorder = *rows,
            Quirk::DeliveryRetry(times) => self.delivery.retry = *times,
            Quirk::AnyChangeEvent => self.any_change_event = true,
            Quirk::LookupIdsAsText => self.lookup_ids_as_text = true,
            Quirk::WebhookListsAreShort => self.webhook_lists_are_short = true,
            Quirk::ClockAhead(seconds) => self.clock_ahead = *seconds,
            Quirk::UpdatedAt(date) => self.updated_at = Some(date.clone()),
            Quirk::Redirect(target) => self.redirect = Some(target.clone()),
            Quirk::RedirectToken(target) => self.redirect_token = Some(target.clone()),
            Quirk::LyingAuthinfo(target) => self.lying_authinfo = Some(target.clone()),
            Quirk::NoAuthinfo => self.no_authinfo = true,
        }
    }

    fn say_retry_after(&mut self, form: RetryAfter) {
        self.retry_after = form;
    }

    /// Whether a switch answers 403 to a request of this kind.
    #[must_use]
    pub(crate) fn forbids(&self, group: Group, level: Level) -> bool {
        self.forbidden.iter().any(|access| access.covers(group, level))
    }

    /// Whether a switch answers 401 to a request for a single record of this kind.
    #[must_use]
    pub(crate) fn denies_records(&self, group: Group, level: Level) -> bool {
        self.unauthorized_records.iter().any(|access| access.covers(group, level))
    }

    /// Whether a switch answers 401 to a request of this kind.
    #[must_use]
    pub(crate) fn denies(&self, group: Group, level: Level) -> bool {
        self.unauthorized.iter().any(|access| access.covers(group, level))
    }
}
