//! Facts about records, errors and logins.

use std::collections::BTreeSet;

use halopsa_node::number::id;
use serde_json::Value;

use crate::verify::judge::{agree, differs, every, flag, ids, is_guid, nth, number, of, status, unclear};
use crate::verify::{
    Ask,
    Confidence::{Live, Reported},
    Probe,
};

const TICKETS_100: Ask = Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=100");
const FIRST_TICKET: Ask = Ask::get("/Tickets", "count=1");

/// In the order in which they are reported.
pub(super) static PROBES: &[Probe] = &[
    Probe {
        name: "names-on-request",
        says: "rows of tickets have names of agent, status and type only where they are asked for",
        section: "§7.2",
        confidence: Live,
        asks: &[
            FIRST_TICKET,
            Ask::get("/Tickets", "count=1&includeagent=true&includestatus=true&includetickettype=true"),
        ],
        judged: |_, answers| {
            let row = |index| Ok(nth(answers, index)?.some_rows("tickets")?.first());
            let (plain, asked) = (row(0)?, row(1)?);
            for name in ["agent_name", "status_name", "tickettype_name"] {
                let has = |row: Option<&Value>| row.and_then(|row| of(row, name)).is_some();
                agree(!has(plain), || format!("`{name}` is there unasked"))?;
                agree(has(asked), || format!("`{name}` is not there when asked for"))?;
            }
            Ok(())
        },
    },
    Probe {
        name: "closed-tickets-say-so",
        says: "hasbeenclosed is true in rows of closed tickets and not in rows of open ones",
        section: "§7.2",
        confidence: Live,
        asks: &[
            Ask::get("/Tickets", "count=20&open_only=true"),
            Ask::get("/Tickets", "count=20&closed_only=true"),
        ],
        judged: |_, answers| {
            let closed = |row: &Value| row.get("hasbeenclosed").and_then(flag) == Some(true);
            let open = nth(answers, 0)?.rows("tickets")?;
            agree(!open.iter().any(closed), || "an open ticket has it".to_owned())?;
            let done = nth(answers, 1)?.some_rows("tickets")?;
            agree(done.iter().all(closed), || "a closed ticket lacks it".to_owned())
        },
    },
    Probe {
        name: "date-of-a-ticket",
        says: "a row has dateoccurred and no datecreated",
        section: "§7.2",
        confidence: Live,
        asks: &[TICKETS_100],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            let has = |name: &str| rows.iter().filter(|row| of(row, name).is_some()).count();
            agree(has("dateoccurred") == rows.len(), || "a row lacks `dateoccurred`".to_owned())?;
            agree(has("datecreated") == 0, || "a row has `datecreated`".to_owned())
        },
    },
    Probe {
        name: "dates-without-offset",
        says: "dates come without an offset",
        section: "§6.1",
        confidence: Live,
        asks: &[TICKETS_100],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            every(
                rows,
                "dateoccurred",
                |date| date.as_str().is_some_and(is_time),
                "`dateoccurred` is no date",
            )?;
            every(
                rows,
                "dateoccurred",
                |date| !date.as_str().is_some_and(has_offset),
                "`dateoccurred` has one",
            )
        },
    },
    Probe {
        name: "details-of-a-ticket",
        says: "a single ticket with details has the names of status and type, and customfields",
        section: "§7.1",
        confidence: Live,
        asks: &[FIRST_TICKET, Ask::get("/Tickets/{0.id}", "includedetails=true")],
        judged: |_, answers| {
            let ticket = nth(answers, 1)?.record()?;
            for name in ["status_name", "tickettype_name", "customfields"] {
                agree(of(ticket, name).is_some(), || format!("there is no `{name}`"))?;
            }
            Ok(())
        },
    },
    Probe {
        name: "actions-without-ticket",
        says: "/Actions without a ticket has no rows",
        section: "§8.1",
        confidence: Live,
        asks: &[Ask::get("/Actions", "count=1")],
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            if let Some(status @ 500..) = answer.status {
                return Err(differs(format!("status {status}")));
            }
            agree(answer.rows("actions")?.is_empty(), || "it has rows".to_owned())
        },
    },
    Probe {
        name: "action-ids-per-ticket",
        says: "ids of actions count inside a ticket",
        section: "§8.1",
        confidence: Reported,
        asks: &[
            FIRST_TICKET,
            Ask::get("/Actions", "ticket_id={0.id}"),
            Ask::get("/Tickets", "count=1&order=id"),
            Ask::get("/Actions", "ticket_id={2.id}"),
        ],
        judged: |_, answers| {
            let (newest, oldest) =
                (nth(answers, 0)?.some_rows("tickets")?, nth(answers, 2)?.some_rows("tickets")?);
            if ids(newest)? == ids(oldest)? {
                return Err(unclear("there is one ticket"));
            }
            let left = ids(nth(answers, 1)?.some_rows("actions")?)?;
            let right = ids(nth(answers, 3)?.some_rows("actions")?)?;
            agree(left.iter().any(|id| right.contains(id)), || "two tickets share no action id".to_owned())
        },
    },
    Probe {
        name: "attachments-need-filter",
        says: "/Attachment without a filter has no rows",
        section: "§9",
        confidence: Live,
        asks: &[Ask::get("/Attachment", "")],
        judged: |_, answers| {
            agree(nth(answers, 0)?.rows("attachments")?.is_empty(), || "it has rows".to_owned())
        },
    },
    Probe {
        name: "notes-need-client",
        says: "/CRMNote without a client has no rows",
        section: "§10.19",
        confidence: Live,
        asks: &[Ask::get("/CRMNote", "")],
        judged: |_, answers| agree(nth(answers, 0)?.rows("actions")?.is_empty(), || "it has rows".to_owned()),
    },
    Probe {
        name: "timesheet-events-are-zero",
        says: "every id of /TimesheetEvent is 0",
        section: "§10.18",
        confidence: Live,
        asks: &[Ask::get("/TimesheetEvent", "start_date=2026-01-01T00:00:00&end_date=2026-12-31T00:00:00")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            agree(ids(rows)?.into_iter().all(|id| id == 0), || "one has another id".to_owned())
        },
    },
    // ---- Ids ----
    Probe {
        name: "priority-ids",
        says: "a priority has a GUID as its id and a number beside it",
        section: "§7.5",
        confidence: Live,
        asks: &[Ask::get("/Priority", "")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", is_guid, "the id is no GUID")?;
            every(rows, "priorityid", |value| id(value).is_some(), "`priorityid` is no number")
        },
    },
    Probe {
        name: "holiday-ids",
        says: "a holiday has a GUID as its id",
        section: "§4",
        confidence: Live,
        asks: &[Ask::get("/Holiday", "")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", is_guid, "the id is no GUID")
        },
    },
    Probe {
        name: "recurring-invoice-ids",
        says: "ids of recurring invoices are negative",
        section: "§10.8",
        confidence: Live,
        asks: &[Ask::get("/RecurringInvoice", "pageinate=true&page_no=1&page_size=100")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("invoices")?;
            agree(ids(rows)?.into_iter().all(|id| id < 0), || "one is not".to_owned())
        },
    },
    Probe {
        name: "site-of-a-user",
        says: "site_id of a user comes as 18.0",
        section: "§4",
        confidence: Reported,
        asks: &[Ask::get("/Users", "pageinate=true&page_no=1&page_size=1")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("users")?;
            every(rows, "site_id", |id| !id.is_string(), "it comes as a text")?;
            every(rows, "site_id", Value::is_f64, "it comes without a fraction")
        },
    },
    Probe {
        name: "text-for-an-id",
        says: "a text in place of an id is refused with 400",
        section: "§11.2",
        confidence: Live,
        asks: &[Ask::get("/Tickets/none", "")],
        judged: |_, answers| status(answers, 0, &[400]),
    },
    Probe {
        name: "unknown-id",
        says: "an id that does not exist is 404",
        section: "§11.1",
        confidence: Reported,
        asks: &[Ask::get("/Tickets/2000000000", "")],
        judged: |_, answers| status(answers, 0, &[404]),
    },
    // ---- Configuration ----
    Probe {
        name: "status-9-closes",
        says: "status 9 is Closed",
        section: "§7.4",
        confidence: Reported,
        asks: &[Ask::get("/Status", "")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            let nine = ids(rows)?.into_iter().position(|id| id == 9).and_then(|at| rows.get(at));
            let nine = nine.ok_or_else(|| differs("there is no status 9"))?;
            let name =
                nine.get("name").and_then(Value::as_str).ok_or_else(|| unclear("status 9 has no name"))?;
            agree(name.to_lowercase().contains("closed"), || "status 9 has another name".to_owned())
        },
    },
    Probe {
        name: "form-of-a-ticket-type",
        says: "a ticket type with details lists its fields, each with its definition",
        section: "§7.5",
        confidence: Reported,
        asks: &[Ask::get("/TicketType", ""), Ask::get("/TicketType/{0.id}", "includedetails=true")],
        judged: |_, answers| {
            let fields = nth(answers, 1)?.record()?.get("fields").and_then(Value::as_array);
            let fields = fields.ok_or_else(|| differs("there is no list `fields`"))?;
            match fields.first() {
                None => Err(unclear("the type has no fields")),
                Some(field) => agree(field.get("fieldinfo").is_some(), || {
                    format!("a field has {}", crate::verify::names(field).join(", "))
                }),
            }
        },
    },
    Probe {
        name: "priorities-of-an-sla",
        says: "an SLA with details lists its priorities",
        section: "§7.5",
        confidence: Reported,
        asks: &[Ask::get("/SLA", ""), Ask::get("/SLA/{0.id}", "includedetails=true")],
        judged: |_, answers| {
            let sla = nth(answers, 1)?.record()?;
            agree(sla.get("priorities").is_some_and(Value::is_array), || {
                "there is no list `priorities`".to_owned()
            })
        },
    },
    Probe {
        name: "lookup-filter",
        says: "lookupid narrows /Lookup to one lookup, and not to nothing",
        section: "§10.16",
        confidence: Reported,
        asks: &[Ask::get("/Lookup", ""), Ask::get("/Lookup", "lookupid={0.lookupid}")],
        judged: |_, answers| {
            let whole = nth(answers, 0)?.some_rows("")?;
            let narrowed = nth(answers, 1)?.rows("")?;
            agree(!narrowed.is_empty(), || "it leaves no rows".to_owned())?;
            let lookups = |rows: &[Value]| {
                let all: Option<BTreeSet<i64>> = rows.iter().map(|row| number(row, "lookupid")).collect();
                all.ok_or_else(|| unclear("a row has no number as its lookupid"))
            };
            if lookups(whole)?.len() < 2 {
                return Err(unclear("there is one lookup"));
            }
            agree(lookups(narrowed)?.len() == 1, || "rows of other lookups come, too".to_owned())
        },
    },
    Probe {
        name: "events-of-webhooks",
        says: "lookup 64 names event 3 as the one for every new ticket",
        section: "§13.3",
        confidence: Live,
        asks: &[Ask::get("/Lookup", "")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            let is = |row: &&Value, name: &str, expected: i64| number(row, name) == Some(expected);
            let events: Vec<&Value> = rows.iter().filter(|row| is(row, "lookupid", 64)).collect();
            if events.is_empty() {
                return Err(unclear("there is no lookup 64"));
            }
            if events.iter().any(|row| number(row, "id").is_none()) {
                return Err(unclear("a row of lookup 64 has no number as its id"));
            }
            let third = events.into_iter().find(|row| is(row, "id", 3));
            let third = third.ok_or_else(|| differs("lookup 64 has no row 3"))?;
            let name =
                third.get("name").and_then(Value::as_str).ok_or_else(|| unclear("row 3 has no name"))?;
            let name = name.to_lowercase();
            agree(name.contains("new") && name.ends_with("all"), || "it has another name".to_owned())
        },
    },
    Probe {
        name: "webhook-ids",
        says: "a webhook has a GUID as its id",
        section: "§13.1",
        confidence: Live,
        asks: &[Ask::get("/Webhook", "")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", is_guid, "the id is no GUID")
        },
    },
    Probe {
        name: "webhook-log",
        says: "deliveries come under `events`",
        section: "§5.1",
        confidence: Live,
        asks: &[Ask::get("/WebhookEvent", "pageinate=true&page_no=1&page_size=1")],
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            answer.is_read()?;
            agree(answer.unwrapped().get("events").is_some_and(Value::is_array), || {
                crate::verify::answer::shape(&answer.body)
            })
        },
    },
    // ---- Who we are ----
    Probe {
        name: "claims-of-the-token",
        says: "/Agent/me says in `claims` what the token may do",
        section: "§3.2",
        confidence: Live,
        asks: &[Ask::get("/Agent/me", "")],
        judged: |_, answers| {
            let claims = nth(answers, 0)?.record()?.get("claims").and_then(Value::as_array);
            let claims = claims.ok_or_else(|| differs("there is no list `claims`"))?;
            agree(
                claims.iter().all(|claim| claim.get("type").is_some() && claim.get("value").is_some()),
                || "a claim has no type or value".to_owned(),
            )
        },
    },
    Probe {
        name: "agent-1-is-nobody",
        says: "agent 1 is Unassigned",
        section: "§10.4",
        confidence: Reported,
        asks: &[Ask::get("/Agent/1", "")],
        judged: |_, answers| {
            let name = nth(answers, 0)?.record()?.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| unclear("it has no name"))?;
            agree(name.eq_ignore_ascii_case("unassigned"), || "it has another name".to_owned())
        },
    },
    Probe {
        name: "instance-info",
        says: "/InstanceInfo says version and addresses",
        section: "§2",
        confidence: Live,
        asks: &[Ask::get("/InstanceInfo", "")],
        judged: |_, answers| {
            let info = nth(answers, 0)?.record()?;
            for name in ["app_version", "auth_url"] {
                agree(of(info, name).is_some(), || format!("there is no `{name}`"))?;
            }
            Ok(())
        },
    },
    Probe {
        name: "users-me",
        says: "/Users/me is 404 for an agent's token",
        section: "§3.5",
        confidence: Live,
        asks: &[Ask::get("/Users/me", "")],
        judged: |_, answers| status(answers, 0, &[404]),
    },
    Probe {
        name: "module-of-contracts",
        says: "a contract that is listed can be read; an agent without the module is refused with 401",
        section: "§11.1",
        confidence: Live,
        asks: &[
            Ask::get("/ClientContract", "pageinate=true&page_no=1&page_size=1"),
            Ask::get("/ClientContract/{0.id}", ""),
        ],
        judged: |_, answers| {
            nth(answers, 0)?.some_rows("contracts")?;
            status(answers, 1, &[200])
        },
    },
    Probe {
        name: "own-timesheet",
        says: "/Timesheet/mine is 403 for an application",
        section: "§11.1",
        confidence: Live,
        asks: &[Ask::get("/Timesheet/mine", "")],
        judged: |_, answers| status(answers, 0, &[403]),
    },
    Probe {
        name: "search-everywhere",
        says: "/Search without a text has no rows",
        section: "§6.2",
        confidence: Live,
        asks: &[Ask::get("/Search", "")],
        judged: |_, answers| agree(nth(answers, 0)?.rows("")?.is_empty(), || "it has rows".to_owned()),
    },
    Probe {
        name: "keys-of-reports",
        says: "rows of /Report have mainentity and no is_published",
        section: "§10.17",
        confidence: Live,
        asks: &[Ask::get("/Report", "pageinate=true&page_no=1&page_size=100")],
        judged: |_, answers| {
            // A key without a value is left out, so that one row proves nothing.
            let rows = nth(answers, 0)?.some_rows("reports")?;
            let has = |name: &str| rows.iter().any(|row| of(row, name).is_some());
            agree(!has("is_published"), || "`is_published` is there".to_owned())?;
            agree(has("mainentity"), || "there is no `mainentity`".to_owned())
        },
    },
];

/// Whether a text begins as a date with a time.
fn is_time(text: &str) -> bool {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.take(16).eq(*b"0000-00-00T00:00")
}

/// Whether a date says how far from UTC it is.
fn has_offset(text: &str) -> bool {
    let time = text.split_once('T').map_or("", |(_, time)| time);
    time.contains(['Z', 'z', '+', '-'])
}
