//! Triggers as data: what can happen at HaloPSA, and how a person narrows it.
//!
//! How events are found is in `triggers`.

use alloc::vec::Vec;

use super::client::CLIENT;
use super::field::{Column, Field, Kind};
use super::resource::Resource;
use super::ticket::TICKET;
use super::user::USER;

/// Something that happens at HaloPSA, to be told by polling and mostly by
/// webhook, too.
#[derive(Debug)]
pub struct Trigger {
    /// Stable name, such as `ticket.created`.
    pub name: &'static str,
    /// What it happens to.
    pub resource: &'static Resource,
    /// For people, such as "New ticket".
    pub title: &'static str,
    /// One sentence or two, for a person and for a model.
    pub description: &'static str,
    /// What happens.
    pub kind: EventKind,
    /// Names of the resource's list filters that a person may set; HaloPSA
    /// applies them.
    pub filters: &'static [&'static str],
    /// Its own settings.
    pub settings: &'static [Field],
    /// The events of HaloPSA that a webhook subscribes to (HAPI §13.3); none:
    /// polling only. They are hints: a poll finds what they leave out.
    pub webhook_events: &'static [HaloEvent],
    /// How often a poll makes sense.
    pub poll_interval_ms: u32,
    /// An event's item, as JSON.
    pub sample: &'static str,
}

/// An event that HaloPSA notifies of: a row of its lookup 64.
#[derive(Debug, PartialEq, Eq)]
pub struct HaloEvent {
    /// Its name there without the scope, such as `New $#request Logged`, where
    /// `$#request` is the tenant's word for ticket.
    pub name: Option<&'static str>,
    /// Its number, where the lookup does not show the name.
    pub number: Option<i32>,
}

/// A ticket was logged. 1 is the same for tickets that are assigned to whoever
/// is notified, and does not fire for others (recorded on a live tenant).
const LOGGED: HaloEvent = HaloEvent { name: Some("New $#request Logged"), number: Some(3) };

/// A ticket was closed (recorded on a live tenant).
const CLOSED: HaloEvent = HaloEvent { name: Some("Closed"), number: Some(39) };

/// A ticket has another status (recorded on a live tenant).
const STATUS_CHANGED: HaloEvent = HaloEvent { name: Some("$#request Status Changed"), number: Some(76) };

/// A user answered on a ticket (reported).
const UPDATED_BY_USER: HaloEvent = HaloEvent { name: Some("$#request Updated by User"), number: Some(19) };

/// A ticket has another agent (reported, without a number).
const REASSIGNED: HaloEvent = HaloEvent { name: Some("$#request Reassigned"), number: None };

/// Any change of a ticket: one integration uses it in production, with a
/// condition that is always true. Its name is not known.
pub const ANY_CHANGE: HaloEvent = HaloEvent { name: None, number: Some(61) };

/// What happens to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It is new.
    Created,
    /// Anything about it changed.
    Updated,
    /// It has another status.
    StatusChanged,
    /// It was closed.
    Closed,
    /// Another agent has it.
    Assigned,
    /// Somebody wrote a note or a mail on it.
    NoteAdded,
    /// The time in which it should be resolved is nearly over.
    SlaBreachedSoon,
}

impl EventKind {
    /// The second half of trigger names, and part of event ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::StatusChanged => "status_changed",
            Self::Closed => "closed",
            Self::Assigned => "assigned",
            Self::NoteAdded => "note_added",
            Self::SlaBreachedSoon => "sla_breached_soon",
        }
    }
}

/// How many events the first poll gives, to have something to build with.
pub const SAMPLES: Field = Field::of(
    "samples",
    "Samples",
    "Number of recent records to emit on the first poll, as sample events.",
    Kind::Range(0, 50),
)
.or_else("0")
.rare();

/// How much one poll takes on.
pub const MOST_RECORDS: Field = Field::of(
    "max_records", "Max records",
    "The most changed records that one poll reads; the rest comes with the next poll, at once. Without it 500, or 50 where each record costs a request of its own.",
    Kind::Range(1, 1_000),
).rare();

/// Whether the API agent's own changes count.
pub const IGNORE_OWN: Field = Field::boolean(
    "ignore_own_changes",
    "Ignore own changes",
    "Whether changes made by the agent of this connection are left out, so that a workflow does not start itself. By polling it costs one request for each changed ticket, and knows only changes that left an action on the ticket.",
).or_else("false").rare();

/// Whether a delivery's ticket is read anew.
pub const REREAD: Field = Field::boolean(
    "reread", "Read ticket again",
    "Whether to read the ticket of a webhook delivery from HaloPSA, which gives all its fields and the same event ids as polling. Filters and events other than new and updated need it. Polling always reads it.",
).or_else("true").rare();

/// How long before the target.
pub const MINUTES: Field = Field::of(
    "minutes",
    "Minutes before",
    "How many minutes before the resolution target the event is emitted.",
    Kind::Range(1, 10_080),
)
.or_else("60");

/// The status that a ticket must come to.
pub const TO_STATUS: Field =
    Field::choices("to_status_ids", "To status", "Only changes to one of these statuses.", "statuses");

/// The status that a ticket must come from.
pub const FROM_STATUS: Field =
    Field::choices("from_status_ids", "From status", "Only changes from one of these statuses.", "statuses");

/// The agent who gets the ticket.
pub const TO_AGENT: Field =
    Field::choices("to_agent_ids", "To agent", "Only tickets that one of these agents gets.", "agents");

/// Whose notes count.
pub const VISIBLE_ONLY: Field =
    Field::boolean("visible_only", "Visible to the user only", "Whether private notes are left out.")
        .or_else("false");

const MINUTE_MS: u32 = 60_000;

/// What of a ticket seldom changes.
const TICKET_SCOPE: &[&str] = &[
    "requesttype",
    "client_id",
    "client_ids",
    "site_id",
    "team",
    "priority",
    "sla",
    "category_1",
    "toplevel_id",
];

/// The same, with what changes during its life.
const TICKET_ALL: &[&str] = &[
    "requesttype",
    "client_id",
    "client_ids",
    "site_id",
    "team",
    "agent",
    "status",
    "priority",
    "sla",
    "category_1",
    "toplevel_id",
];

macro_rules! sample {
    ($extra:literal) => {
        concat!(
            r#"{"id":2000000001,"summary":"Printer offline","status_id":2,"status_name":"In Progress","client_id":2000000002,"client_name":"Acme","site_id":2000000003,"site_name":"Main","user_id":2000000004,"user_name":"Ada Byron","agent_id":2000000005,"agent_name":"Grace Hopper","team":"1st Line Support","tickettype_id":1,"tickettype_name":"Incident","priority_id":3,"priority_name":"Medium","category_1":"Hardware>Printer","dateoccurred":"2026-03-01T09:15:02Z","fixbydate":"2026-03-02T09:15:02Z","last_update":"2026-03-01T10:02:41Z","link":"https://example.halopsa.com/ticket?id=2000000001""#,
            $extra,
            "}"
        )
    };
}

/// Every trigger, in the order that people see.
pub static TRIGGERS: &[Trigger] = &[
    Trigger {
        name: "ticket.created",
        resource: &TICKET,
        title: "Ticket created",
        description: "Starts when a ticket is logged.",
        kind: EventKind::Created,
        filters: TICKET_ALL,
        settings: &[SAMPLES, MOST_RECORDS, IGNORE_OWN, REREAD],
        webhook_events: &[LOGGED],
        poll_interval_ms: MINUTE_MS,
        sample: sample!(""),
    },
    Trigger {
        name: "ticket.updated",
        resource: &TICKET,
        title: "Ticket updated",
        description: "Starts when anything about a ticket changes, closing included. A ticket that is only new does not count.",
        kind: EventKind::Updated,
        filters: TICKET_ALL,
        settings: &[SAMPLES, MOST_RECORDS, IGNORE_OWN, REREAD],
        webhook_events: &[ANY_CHANGE, STATUS_CHANGED, CLOSED, UPDATED_BY_USER],
        poll_interval_ms: MINUTE_MS,
        sample: sample!(""),
    },
    Trigger {
        name: "ticket.status_changed",
        resource: &TICKET,
        title: "Ticket status changed",
        description: "Starts when a ticket gets another status. `previous_status_id` is the one before, or null where it is not known.",
        kind: EventKind::StatusChanged,
        filters: TICKET_SCOPE,
        settings: &[FROM_STATUS, TO_STATUS, SAMPLES, MOST_RECORDS, IGNORE_OWN],
        webhook_events: &[STATUS_CHANGED, CLOSED],
        poll_interval_ms: MINUTE_MS,
        sample: sample!(r#","previous_status_id":1"#),
    },
    Trigger {
        name: "ticket.closed",
        resource: &TICKET,
        title: "Ticket closed",
        description: "Starts when a ticket is closed.",
        kind: EventKind::Closed,
        filters: TICKET_SCOPE,
        settings: &[SAMPLES, MOST_RECORDS, IGNORE_OWN],
        webhook_events: &[CLOSED],
        poll_interval_ms: MINUTE_MS,
        sample: sample!(""),
    },
    Trigger {
        name: "ticket.assigned",
        resource: &TICKET,
        title: "Ticket assigned",
        description: "Starts when a ticket gets another agent; being left to nobody does not count. `previous_agent_id` is the one before, or null where it is not known.",
        kind: EventKind::Assigned,
        filters: TICKET_SCOPE,
        settings: &[TO_AGENT, SAMPLES, MOST_RECORDS, IGNORE_OWN],
        webhook_events: &[REASSIGNED, LOGGED, ANY_CHANGE],
        poll_interval_ms: MINUTE_MS,
        sample: sample!(r#","previous_agent_id":1"#),
    },
    Trigger {
        name: "ticket.note_added",
        resource: &TICKET,
        title: "Ticket note added",
        description: "Starts when somebody writes a note or a mail on a ticket. It costs one request for each changed ticket, so narrow it with filters.",
        kind: EventKind::NoteAdded,
        filters: TICKET_ALL,
        settings: &[VISIBLE_ONLY, MOST_RECORDS, IGNORE_OWN],
        webhook_events: &[ANY_CHANGE, UPDATED_BY_USER],
        poll_interval_ms: 2 * MINUTE_MS,
        sample: r#"{"ticket_id":2000000001,"id":2000000006,"outcome":"Public Note","outcome_id":8,"who":"Ada Byron","who_agentid":null,"datetime":"2026-03-01T10:02:41Z","note":"It works again.","hiddenfromuser":false,"emailfrom":null,"emailto":null,"emailsubject":null,"emailbody":null,"emaildirection":null,"timetaken":0,"attachment_count":0,"ticket_summary":"Printer offline","ticket_link":"https://example.halopsa.com/ticket?id=2000000001"}"#,
    },
    Trigger {
        name: "ticket.sla_breached_soon",
        resource: &TICKET,
        title: "Ticket close to its target",
        description: "Starts once for each open ticket whose resolution target (`fixbydate`) is near. A target that moves counts anew; tickets that are on hold, merged, inactive or excluded from their SLA do not count.",
        kind: EventKind::SlaBreachedSoon,
        filters: TICKET_ALL,
        settings: &[MINUTES, MOST_RECORDS],
        webhook_events: &[],
        poll_interval_ms: 5 * MINUTE_MS,
        sample: sample!(r#","minutes_left":42"#),
    },
    Trigger {
        name: "client.created",
        resource: &CLIENT,
        title: "Client created",
        description: "Starts when a client is added.",
        kind: EventKind::Created,
        filters: &["toplevel_id"],
        settings: &[SAMPLES, MOST_RECORDS],
        webhook_events: &[],
        poll_interval_ms: 5 * MINUTE_MS,
        sample: CLIENT_SAMPLE,
    },
    Trigger {
        name: "client.updated",
        resource: &CLIENT,
        title: "Client updated",
        description: "Starts when something about a client changes that the list of clients shows.",
        kind: EventKind::Updated,
        filters: &["toplevel_id"],
        settings: &[SAMPLES, MOST_RECORDS],
        webhook_events: &[],
        poll_interval_ms: 5 * MINUTE_MS,
        sample: CLIENT_SAMPLE,
    },
    Trigger {
        name: "user.created",
        resource: &USER,
        title: "User created",
        description: "Starts when a user is added.",
        kind: EventKind::Created,
        filters: &["client_id", "site_id", "toplevel_id"],
        settings: &[SAMPLES, MOST_RECORDS],
        webhook_events: &[],
        poll_interval_ms: 5 * MINUTE_MS,
        sample: USER_SAMPLE,
    },
    Trigger {
        name: "user.updated",
        resource: &USER,
        title: "User updated",
        description: "Starts when something about a user changes that the list of users shows.",
        kind: EventKind::Updated,
        filters: &["client_id", "site_id", "toplevel_id"],
        settings: &[SAMPLES, MOST_RECORDS],
        webhook_events: &[],
        poll_interval_ms: 5 * MINUTE_MS,
        sample: USER_SAMPLE,
    },
];

const CLIENT_SAMPLE: &str = r#"{"id":2000000002,"name":"Acme","toplevel_id":1,"inactive":false}"#;

const USER_SAMPLE: &str = r#"{"id":2000000004,"name":"Ada Byron","site_id":2000000003,"emailaddress":"ada@acme.example","inactive":false}"#;

/// Columns of a note in an event (HAPI §8.3), beside those of its ticket.
pub const NOTE_COLUMNS: &[Column] = &[
    Column::integer("ticket_id"),
    Column::integer("id"),
    Column::plain("outcome"),
    Column::integer("outcome_id"),
    Column::plain("who"),
    Column::integer("who_agentid"),
    Column::date_time("datetime"),
    Column::untrusted("note"),
    Column::plain("hiddenfromuser"),
    Column::plain("emailfrom"),
    Column::plain("emailto"),
    Column::untrusted("emailsubject"),
    Column::untrusted("emailbody"),
    Column::plain("emaildirection"),
    Column::plain("timetaken"),
    Column::integer("attachment_count"),
];

/// What an event's item holds beside the columns of its record: names and JSON
/// Schemas.
pub const fn extras(kind: EventKind) -> &'static [(&'static str, &'static str)] {
    const ID_OR_NULL: &str = r#"{"type":["integer","null"]}"#;
    match kind {
        EventKind::StatusChanged => &[("previous_status_id", ID_OR_NULL)],
        EventKind::Assigned => &[("previous_agent_id", ID_OR_NULL)],
        EventKind::SlaBreachedSoon => &[("minutes_left", r#"{"type":"integer"}"#)],
        EventKind::NoteAdded => &[
            ("ticket_summary", r#"{"x-untrusted":true}"#),
            ("ticket_link", r#"{"type":"string","format":"uri"}"#),
        ],
        EventKind::Created | EventKind::Updated | EventKind::Closed => &[],
    }
}

/// Finds a trigger by its name.
pub fn find(name: &str) -> Option<&'static Trigger> {
    TRIGGERS.iter().find(|trigger| trigger.name == name)
}

impl Trigger {
    /// Everything that a person may set, in the order that people see.
    pub fn config(&self) -> Vec<&'static Field> {
        let filters = self.resource.filters.iter().filter(|field| self.filters.contains(&field.name));
        filters.chain(self.settings).collect()
    }
}
