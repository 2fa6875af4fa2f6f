//! The facts that reading can show.
//!
//! To add one: name it, say it, name its section, say what to ask for, and judge
//! the answers without quoting a value. `tests/all/verify.rs` wants a case in which
//! it differs.

use std::sync::OnceLock;

use halopsa_node::catalogue::RESOURCES;
use halopsa_node::catalogue::resource::{Paging, Verb};
use serde_json::Value;

use super::{Answer, Ask, Confidence, Finding, Probe};
use Confidence::{Assumed, Live, Reported};

type Verdict = Result<(), Finding>;

/// All probes that only read.
#[must_use]
pub fn all() -> &'static [&'static Probe] {
    static ALL: OnceLock<Vec<&'static Probe>> = OnceLock::new();
    ALL.get_or_init(|| PROBES.iter().chain(lists()).collect())
}

/// For each resource of the catalogue: is its list wrapped as it is read?
fn lists() -> &'static [Probe] {
    static LISTS: OnceLock<Vec<Probe>> = OnceLock::new();
    LISTS.get_or_init(|| {
        let listed = RESOURCES.iter().filter(|resource| {
            // Actions are asked for by ticket, which another probe does.
            let has_list = resource.operations.iter().any(|operation| matches!(operation.verb, Verb::List));
            has_list && !resource.path.is_empty() && resource.list_required.all.is_empty()
        });
        listed
            .map(|resource| {
                let leaked: &'static str = Box::leak(format!("list {}", resource.name).into_boxed_str());
                let query = match resource.paging {
                    Paging::Pages => "pageinate=true&page_no=1&page_size=1",
                    Paging::Whole => "",
                    Paging::Counted => "count=1",
                };
                let asks: &'static [Ask] = Box::leak(Box::new([Ask::get(resource.path, query)]));
                Probe {
                    name: leaked,
                    says: "a list comes under the key that the catalogue names, or bare",
                    section: "§5.1",
                    confidence: Live,
                    asks,
                    judged: judge_list,
                }
            })
            .collect()
    })
}

/// Any list: bare, or under a key that some resource of the catalogue has.
fn judge_list(answers: &[Answer]) -> Verdict {
    let answer = nth(answers, 0)?;
    answer.is_read()?;
    let keys = || RESOURCES.iter().map(|resource| resource.list_key);
    match answer.list() {
        Some((None, _)) => Ok(()),
        Some((Some(found), _)) => agree(
            keys().any(|key| !key.is_empty() && answer.body.get(key).is_some_and(Value::is_array)),
            || format!("the rows come under `{found}`"),
        ),
        None => Err(differs(format!("no list, but {}", super::answer::shape(&answer.body)))),
    }
}

fn nth(answers: &[Answer], index: usize) -> Result<&Answer, Finding> {
    answers.get(index).ok_or_else(|| Finding::Unclear("it was not asked".to_owned()))
}

fn differs(how: impl Into<String>) -> Finding {
    Finding::Differs(how.into())
}

fn unclear(why: impl Into<String>) -> Finding {
    Finding::Unclear(why.into())
}

/// Holds where it agrees; else says how it differs.
fn agree(agrees: bool, how: impl FnOnce() -> String) -> Verdict {
    if agrees { Ok(()) } else { Err(differs(how())) }
}

/// Rows are what was expected of `key`, or the finding.
fn sizes(answers: &[Answer], key: &str, expected: usize, total_from: usize) -> Verdict {
    let rows = nth(answers, 0)?.rows(key)?.len();
    let total = nth(answers, total_from)?.count()?;
    if total <= i64::try_from(expected).unwrap_or(i64::MAX) {
        return Err(unclear(format!("there are not more than {expected} records")));
    }
    agree(rows == expected, || format!("{rows} rows instead of {expected}"))
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().filter_map(|row| row.get("id")?.as_i64()).collect()
}

fn status(answers: &[Answer], index: usize, expected: &[u16]) -> Verdict {
    let answer = nth(answers, index)?;
    match answer.status {
        Some(status) if expected.contains(&status) => Ok(()),
        Some(429 | 500..) | None => Err(unclear(answer.outcome())),
        Some(_) => Err(differs(answer.outcome())),
    }
}

/// Every row that has the key has it so.
fn every(rows: &[Value], key: &str, fits: fn(&Value) -> bool, how: &str) -> Verdict {
    let values: Vec<&Value> = rows.iter().filter_map(|row| row.get(key)).collect();
    if values.is_empty() {
        return Err(unclear(format!("no row has `{key}`")));
    }
    agree(values.into_iter().all(fits), || how.to_owned())
}

const TICKETS_1: Ask = Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1");
const TICKETS_100: Ask = Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=100");
const FIRST_TICKET: Ask = Ask::get("/Tickets", "count=1");

static PROBES: &[Probe] = &[
    // ---- Paging ----
    Probe {
        name: "page-of-tickets",
        says: "a page of tickets holds 100 rows at most, and record_count is the total",
        section: "§5.3",
        confidence: Live,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=500")],
        judged: |answers| sizes(answers, "tickets", 100, 0),
    },
    Probe {
        name: "page-of-others",
        says: "a page of another list holds 100 rows at most, too",
        section: "§18.4",
        confidence: Assumed,
        asks: &[Ask::get("/Users", "pageinate=true&page_no=1&page_size=500")],
        judged: |answers| sizes(answers, "users", 100, 0),
    },
    Probe {
        name: "page-of-assets",
        says: "a page of assets holds 50 rows, whatever is asked",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Asset", "pageinate=true&page_no=1&page_size=100")],
        judged: |answers| sizes(answers, "assets", 50, 0),
    },
    Probe {
        name: "page-past-the-end",
        says: "a page past the end has no rows and record_count 0",
        section: "§18.5",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_no=1000000&page_size=100")],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            let rows = answer.rows("tickets")?.len();
            agree(rows == 0, || "it has rows".to_owned())?;
            let count = answer.count()?;
            agree(count == 0, || "record_count is not 0".to_owned())
        },
    },
    Probe {
        name: "size-needs-pageinate",
        says: "without pageinate, page_size is ignored and 50 rows come",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "page_size=2"), TICKETS_1],
        judged: |answers| sizes(answers, "tickets", 50, 1),
    },
    Probe {
        name: "size-needs-number",
        says: "with pageinate but without page_no, page_size is ignored and 50 rows come",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_size=100"), TICKETS_1],
        judged: |answers| sizes(answers, "tickets", 50, 1),
    },
    Probe {
        name: "count-of-rows",
        says: "without pageinate, record_count is the number of rows sent",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "")],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            let rows = answer.rows("tickets")?.len();
            let count = answer.count()?;
            agree(usize::try_from(count) == Ok(rows), || "record_count is another number".to_owned())
        },
    },
    Probe {
        name: "count-cuts",
        says: "count=3 gives three rows and record_count 3",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "count=3"), TICKETS_1],
        judged: |answers| {
            sizes(answers, "tickets", 3, 1)?;
            let count = nth(answers, 0)?.count()?;
            agree(count == 3, || "record_count is another number".to_owned())
        },
    },
    Probe {
        name: "appointments-page",
        says: "appointments page where page_no is sent",
        section: "§5.3",
        confidence: Live,
        asks: &[Ask::get("/Appointment", "pageinate=true&page_no=1&page_size=1")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("appointments")?.len();
            agree(rows == 1, || "more than one row".to_owned())
        },
    },
    Probe {
        name: "bare-lists-repeat",
        says: "a bare list ignores paging: page 2 is page 1",
        section: "§5.1",
        confidence: Reported,
        asks: &[Ask::get("/Status", ""), Ask::get("/Status", "pageinate=true&page_no=2&page_size=1")],
        judged: |answers| {
            let whole = nth(answers, 0)?.some_rows("")?;
            let second = nth(answers, 1)?.rows("")?;
            agree(ids(whole) == ids(second), || format!("{} rows, then {}", whole.len(), second.len()))
        },
    },
    Probe {
        name: "agents-change-envelope",
        says: "agents come bare, and under `results` with pageinate=true",
        section: "§5.1",
        confidence: Live,
        asks: &[Ask::get("/Agent", ""), Ask::get("/Agent", "pageinate=true&page_no=1&page_size=100")],
        judged: |answers| {
            let bare = nth(answers, 0)?;
            bare.is_read()?;
            agree(bare.body.is_array(), || format!("without paging: {}", super::answer::shape(&bare.body)))?;
            let paged = nth(answers, 1)?;
            paged.is_read()?;
            agree(paged.body.get("results").is_some(), || {
                format!("with paging: {}", super::answer::shape(&paged.body))
            })
        },
    },
    // ---- Order ----
    Probe {
        name: "newest-tickets-first",
        says: "tickets come newest first",
        section: "§5.3",
        confidence: Live,
        asks: &[Ask::get("/Tickets", "count=10")],
        judged: |answers| {
            let ids = ids(nth(answers, 0)?.some_rows("tickets")?);
            let falling = ids.windows(2).all(|pair| matches!(pair, [left, right] if left > right));
            agree(falling, || "the ids do not fall".to_owned())
        },
    },
    Probe {
        name: "only-true-descends",
        says: "orderdesc=true descends, orderdesc=1 does not",
        section: "§5.3",
        confidence: Live,
        asks: &[
            Ask::get("/Tickets", "count=2&order=id&orderdesc=true"),
            Ask::get("/Tickets", "count=2&order=id&orderdesc=1"),
        ],
        judged: |answers| {
            let falling = ids(nth(answers, 0)?.some_rows("tickets")?);
            let rising = ids(nth(answers, 1)?.some_rows("tickets")?);
            match (falling.as_slice(), rising.as_slice()) {
                ([a, b, ..], [c, d, ..]) => {
                    agree(a > b, || "orderdesc=true does not descend".to_owned())?;
                    agree(c < d, || "orderdesc=1 descends".to_owned())
                }
                _ => Err(unclear("there are fewer than two tickets")),
            }
        },
    },
    Probe {
        name: "oldest-actions-first",
        says: "the actions of a ticket come oldest first",
        section: "§18.11",
        confidence: Reported,
        asks: &[FIRST_TICKET, Ask::get("/Actions", "ticket_id={0.id}")],
        judged: |answers| {
            let ids = ids(nth(answers, 1)?.some_rows("actions")?);
            if ids.len() < 2 {
                return Err(unclear("the ticket has one action"));
            }
            agree(ids.is_sorted(), || "the ids do not rise".to_owned())
        },
    },
    // ---- Parameters and filters ----
    Probe {
        name: "unknown-parameters-ignored",
        says: "a parameter that HaloPSA does not know is ignored",
        section: "§4",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "count=1&no_such_parameter_here=1")],
        judged: |answers| status(answers, 0, &[200]),
    },
    Probe {
        name: "parameters-without-case",
        says: "names of parameters are compared without case",
        section: "§4",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "COUNT=2"), TICKETS_1],
        judged: |answers| sizes(answers, "tickets", 2, 1),
    },
    Probe {
        name: "filter-of-wrong-type",
        says: "a text where a filter wants a number is refused with 400",
        section: "§6",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "count=1&client_id=none")],
        judged: |answers| status(answers, 0, &[400]),
    },
    Probe {
        name: "tickettype-id-no-filter",
        says: "tickettype_id does not filter tickets, requesttype_id does",
        section: "§18.10",
        confidence: Assumed,
        asks: &[
            TICKETS_1,
            Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1&tickettype_id=2000000000"),
            Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1&requesttype_id=2000000000"),
        ],
        judged: |answers| {
            nth(answers, 0)?.some_rows("tickets")?;
            let by_ticket_type = nth(answers, 1)?.rows("tickets")?;
            agree(!by_ticket_type.is_empty(), || "tickettype_id filters".to_owned())?;
            let by_request_type = nth(answers, 2)?.rows("tickets")?;
            agree(by_request_type.is_empty(), || "requesttype_id does not filter".to_owned())
        },
    },
    Probe {
        name: "team-id-no-filter",
        says: "team_id does not filter tickets",
        section: "§18.10",
        confidence: Assumed,
        asks: &[TICKETS_1, Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1&team_id=2000000000")],
        judged: |answers| {
            nth(answers, 0)?.some_rows("tickets")?;
            agree(!nth(answers, 1)?.rows("tickets")?.is_empty(), || "it filters".to_owned())
        },
    },
    Probe {
        name: "client-search",
        says: "search narrows the list of clients",
        section: "§6.2",
        confidence: Reported,
        asks: &[
            Ask::get("/Client", "pageinate=true&page_no=1&page_size=1"),
            Ask::get("/Client", "pageinate=true&page_no=1&page_size=1&search=zqxjkvwzqxjkvw"),
        ],
        judged: |answers| {
            nth(answers, 0)?.some_rows("clients")?;
            agree(nth(answers, 1)?.rows("clients")?.is_empty(), || "it is ignored".to_owned())
        },
    },
    Probe {
        name: "agent-search-ignored",
        says: "search does nothing on the list of agents",
        section: "§6.2",
        confidence: Live,
        asks: &[Ask::get("/Agent", ""), Ask::get("/Agent", "search=zqxjkvwzqxjkvw")],
        judged: |answers| {
            nth(answers, 0)?.some_rows("results")?;
            agree(!nth(answers, 1)?.rows("results")?.is_empty(), || "it narrows".to_owned())
        },
    },
    Probe {
        name: "advanced-search-names",
        says: "advanced_search refuses a name that it does not know with 400",
        section: "§6.2",
        confidence: Live,
        asks: &[Ask::get(
            "/Tickets",
            r#"count=1&advanced_search=[{"filter_name":"no_such_name_here","filter_type":2,"filter_value":"1"}]"#,
        )],
        judged: |answers| status(answers, 0, &[400]),
    },
    Probe {
        name: "no-state-is-every-state",
        says: "without a filter of state, open and closed tickets come",
        section: "§6.3",
        confidence: Reported,
        asks: &[
            TICKETS_1,
            Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1&open_only=true"),
            Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1&closed_only=true"),
        ],
        judged: |answers| {
            let [all, open, closed] = [0, 1, 2].map(|index| nth(answers, index).and_then(Answer::count));
            let (all, open, closed) = (all?, open?, closed?);
            // Tickets come and go while we count.
            agree((all - open - closed).abs() <= 5, || "open and closed do not add up to all".to_owned())
        },
    },
    Probe {
        name: "deleted-alone",
        says: "deleted=true shows deleted tickets only",
        section: "§6.3",
        confidence: Assumed,
        asks: &[TICKETS_100, Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=100&deleted=true")],
        judged: |answers| {
            let usual = ids(nth(answers, 0)?.rows("tickets")?);
            let deleted = ids(nth(answers, 1)?.some_rows("tickets")?);
            agree(!deleted.iter().any(|id| usual.contains(id)), || "others come, too".to_owned())
        },
    },
    Probe {
        name: "inactive-hidden",
        says: "lists leave inactive records out",
        section: "§4",
        confidence: Reported,
        asks: &[Ask::get("/Client", "pageinate=true&page_no=1&page_size=100")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("clients")?;
            every(rows, "inactive", |value| value == &Value::Bool(false), "an inactive client is listed")
        },
    },
    Probe {
        name: "inactive-alone",
        says: "includeinactive=true&includeactive=false shows inactive records only",
        section: "§10.1",
        confidence: Reported,
        asks: &[Ask::get(
            "/Client",
            "pageinate=true&page_no=1&page_size=100&includeinactive=true&includeactive=false",
        )],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("clients")?;
            every(rows, "inactive", |value| value == &Value::Bool(true), "an active client is listed")
        },
    },
    Probe {
        name: "changed-since",
        says: "lastupdatefromdate leaves out what was not changed since",
        section: "§6.1",
        confidence: Reported,
        asks: &[
            TICKETS_1,
            Ask::get(
                "/Tickets",
                "pageinate=true&page_no=1&page_size=1&lastupdatefromdate=2099-01-01T00:00:00",
            ),
        ],
        judged: |answers| {
            nth(answers, 0)?.some_rows("tickets")?;
            agree(nth(answers, 1)?.rows("tickets")?.is_empty(), || "it does not filter".to_owned())
        },
    },
    Probe {
        name: "last-day-included",
        says: "a bare day as enddate includes the day",
        section: "§6.1",
        confidence: Assumed,
        asks: &[
            FIRST_TICKET,
            Ask::get(
                "/Tickets",
                "pageinate=true&page_no=1&page_size=100&datesearch=dateoccurred&startdate={0.dateoccurred.day}&enddate={0.dateoccurred.day}",
            ),
        ],
        judged: |answers| {
            let wanted = ids(nth(answers, 0)?.some_rows("tickets")?);
            let answer = nth(answers, 1)?;
            let found = ids(answer.rows("tickets")?);
            if found.len() >= 100 {
                return Err(unclear("the day has more than a page of tickets"));
            }
            agree(wanted.iter().all(|id| found.contains(id)), || "the day is left out".to_owned())
        },
    },
    Probe {
        name: "ids-alone",
        says: "idonly cuts rows down to their ids",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Client", "count=1&idonly=true")],
        judged: |answers| {
            let row = nth(answers, 0)?.some_rows("clients")?.first().map(super::names).unwrap_or_default();
            agree(row.as_slice() == ["id"], || format!("a row has {}", row.join(", ")))
        },
    },
    // ---- Rows ----
    Probe {
        name: "null-keys-left-out",
        says: "a row leaves out keys without a value",
        section: "§4",
        confidence: Live,
        asks: &[TICKETS_100],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            let null = rows.iter().filter_map(Value::as_object).flatten().find(|(_, value)| value.is_null());
            match null {
                Some((name, _)) => Err(differs(format!("`{name}` is there and null"))),
                None => Ok(()),
            }
        },
    },
    Probe {
        name: "names-on-request",
        says: "rows of tickets have names of agent, status and type only where they are asked for",
        section: "§7.2",
        confidence: Live,
        asks: &[
            FIRST_TICKET,
            Ask::get("/Tickets", "count=1&includeagent=true&includestatus=true&includetickettype=true"),
        ],
        judged: |answers| {
            let row = |index| Ok(nth(answers, index)?.some_rows("tickets")?.first());
            let (plain, asked) = (row(0)?, row(1)?);
            for name in ["agent_name", "status_name", "tickettype_name"] {
                let has = |row: Option<&Value>| row.and_then(|row| row.get(name)).is_some();
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
        judged: |answers| {
            let closed = |row: &Value| row.get("hasbeenclosed") == Some(&Value::Bool(true));
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
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            let has =
                |name: &str| rows.iter().filter(|row| row.get(name).is_some_and(Value::is_string)).count();
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
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            let bare = |value: &Value| {
                value.as_str().is_some_and(|text| !text.ends_with('Z') && !text.contains('+'))
            };
            every(rows, "dateoccurred", bare, "`dateoccurred` has one")
        },
    },
    Probe {
        name: "details-of-a-ticket",
        says: "a single ticket with details has names, customfields and hasbeenclosed",
        section: "§7.1",
        confidence: Live,
        asks: &[FIRST_TICKET, Ask::get("/Tickets/{0.id}", "includedetails=true")],
        judged: |answers| {
            let answer = nth(answers, 1)?;
            answer.is_read()?;
            for name in ["status_name", "tickettype_name", "customfields"] {
                agree(answer.body.get(name).is_some(), || format!("there is no `{name}`"))?;
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
        judged: |answers| {
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
        judged: |answers| {
            let (newest, oldest) =
                (nth(answers, 0)?.some_rows("tickets")?, nth(answers, 2)?.some_rows("tickets")?);
            if ids(newest) == ids(oldest) {
                return Err(unclear("there is one ticket"));
            }
            let left = ids(nth(answers, 1)?.some_rows("actions")?);
            let right = ids(nth(answers, 3)?.some_rows("actions")?);
            agree(left.iter().any(|id| right.contains(id)), || "two tickets share no action id".to_owned())
        },
    },
    Probe {
        name: "attachments-need-filter",
        says: "/Attachment without a filter has no rows",
        section: "§9",
        confidence: Live,
        asks: &[Ask::get("/Attachment", "")],
        judged: |answers| {
            agree(nth(answers, 0)?.rows("attachments")?.is_empty(), || "it has rows".to_owned())
        },
    },
    Probe {
        name: "notes-need-client",
        says: "/CRMNote without a client has no rows",
        section: "§10.19",
        confidence: Live,
        asks: &[Ask::get("/CRMNote", "")],
        judged: |answers| agree(nth(answers, 0)?.rows("actions")?.is_empty(), || "it has rows".to_owned()),
    },
    Probe {
        name: "timesheet-events-are-zero",
        says: "every id of /TimesheetEvent is 0",
        section: "§10.18",
        confidence: Live,
        asks: &[Ask::get("/TimesheetEvent", "start_date=2026-01-01T00:00:00&end_date=2026-12-31T00:00:00")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", |id| id.as_i64() == Some(0), "one has another id")
        },
    },
    // ---- Ids ----
    Probe {
        name: "priority-ids",
        says: "a priority has a GUID as its id and a number beside it",
        section: "§7.5",
        confidence: Live,
        asks: &[Ask::get("/Priority", "")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", |id| id.as_str().is_some_and(|id| id.len() == 36), "the id is no GUID")?;
            every(rows, "priorityid", Value::is_i64, "`priorityid` is no number")
        },
    },
    Probe {
        name: "holiday-ids",
        says: "a holiday has a GUID as its id",
        section: "§4",
        confidence: Live,
        asks: &[Ask::get("/Holiday", "")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", |id| id.as_str().is_some_and(|id| id.len() == 36), "the id is no GUID")
        },
    },
    Probe {
        name: "recurring-invoice-ids",
        says: "ids of recurring invoices are negative",
        section: "§10.8",
        confidence: Live,
        asks: &[Ask::get("/RecurringInvoice", "pageinate=true&page_no=1&page_size=100")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("invoices")?;
            every(rows, "id", |id| id.as_i64().is_some_and(|id| id < 0), "one is not")
        },
    },
    Probe {
        name: "site-of-a-user",
        says: "site_id of a user comes as 18.0",
        section: "§4",
        confidence: Reported,
        asks: &[Ask::get("/Users", "pageinate=true&page_no=1&page_size=1")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("users")?;
            every(rows, "site_id", Value::is_f64, "it comes as a whole number or a text")
        },
    },
    Probe {
        name: "text-for-an-id",
        says: "a text in place of an id is refused with 400",
        section: "§11.2",
        confidence: Live,
        asks: &[Ask::get("/Tickets/none", "")],
        judged: |answers| status(answers, 0, &[400]),
    },
    Probe {
        name: "unknown-id",
        says: "an id that does not exist is 404",
        section: "§11.1",
        confidence: Reported,
        asks: &[Ask::get("/Tickets/2000000000", "")],
        judged: |answers| status(answers, 0, &[404]),
    },
    // ---- Configuration ----
    Probe {
        name: "status-9-closes",
        says: "status 9 is Closed",
        section: "§7.4",
        confidence: Reported,
        asks: &[Ask::get("/Status", "")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            let nine = rows.iter().find(|row| row.get("id").and_then(Value::as_i64) == Some(9));
            let name = nine.and_then(|row| row.get("name")?.as_str()).map(str::to_lowercase);
            match name {
                None => Err(differs("there is no status 9")),
                Some(name) => agree(name.contains("closed"), || "status 9 has another name".to_owned()),
            }
        },
    },
    Probe {
        name: "form-of-a-ticket-type",
        says: "a ticket type with details lists its fields, each with its definition",
        section: "§7.5",
        confidence: Reported,
        asks: &[Ask::get("/TicketType", ""), Ask::get("/TicketType/{0.id}", "includedetails=true")],
        judged: |answers| {
            let answer = nth(answers, 1)?;
            answer.is_read()?;
            let fields = answer.body.get("fields").and_then(Value::as_array);
            let fields = fields.ok_or_else(|| differs("there is no list `fields`"))?;
            match fields.first() {
                None => Err(unclear("the type has no fields")),
                Some(field) => agree(field.get("fieldinfo").is_some(), || {
                    format!("a field has {}", super::names(field).join(", "))
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
        judged: |answers| {
            let answer = nth(answers, 1)?;
            answer.is_read()?;
            agree(answer.body.get("priorities").is_some_and(Value::is_array), || {
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
        judged: |answers| {
            let whole = nth(answers, 0)?.some_rows("")?;
            let narrowed = nth(answers, 1)?.rows("")?;
            agree(!narrowed.is_empty(), || "it leaves no rows".to_owned())?;
            agree(narrowed.len() < whole.len(), || "it is ignored".to_owned())
        },
    },
    Probe {
        name: "events-of-webhooks",
        says: "lookup 64 names event 3 as the one for every new ticket",
        section: "§13.3",
        confidence: Live,
        asks: &[Ask::get("/Lookup", "")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            let is =
                |row: &&Value, name: &str, number: i64| row.get(name).and_then(Value::as_i64) == Some(number);
            let events: Vec<&Value> = rows.iter().filter(|row| is(row, "lookupid", 64)).collect();
            if events.is_empty() {
                return Err(unclear("there is no lookup 64"));
            }
            let third = events.into_iter().find(|row| is(row, "id", 3));
            let name = third.and_then(|row| row.get("name")?.as_str()).map(str::to_lowercase);
            agree(name.is_some_and(|name| name.contains("new") && name.ends_with("all")), || {
                "it has another name".to_owned()
            })
        },
    },
    Probe {
        name: "webhook-ids",
        says: "a webhook has a GUID as its id",
        section: "§13.1",
        confidence: Live,
        asks: &[Ask::get("/Webhook", "")],
        judged: |answers| {
            let rows = nth(answers, 0)?.some_rows("")?;
            every(rows, "id", |id| id.as_str().is_some_and(|id| id.len() == 36), "the id is no GUID")
        },
    },
    Probe {
        name: "webhook-log",
        says: "deliveries come under `events`",
        section: "§5.1",
        confidence: Live,
        asks: &[Ask::get("/WebhookEvent", "pageinate=true&page_no=1&page_size=1")],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            answer.is_read()?;
            agree(answer.body.get("events").is_some_and(Value::is_array), || {
                super::answer::shape(&answer.body)
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
        judged: |answers| {
            let answer = nth(answers, 0)?;
            answer.is_read()?;
            let claims = answer.body.get("claims").and_then(Value::as_array);
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
        judged: |answers| {
            let answer = nth(answers, 0)?;
            answer.is_read()?;
            let name = answer.body.get("name").and_then(Value::as_str).unwrap_or_default();
            agree(name.eq_ignore_ascii_case("unassigned"), || "it has another name".to_owned())
        },
    },
    Probe {
        name: "instance-info",
        says: "/InstanceInfo says version and addresses",
        section: "§2",
        confidence: Live,
        asks: &[Ask::get("/InstanceInfo", "")],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            answer.is_read()?;
            for name in ["app_version", "auth_url"] {
                agree(answer.body.get(name).is_some(), || format!("there is no `{name}`"))?;
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
        judged: |answers| status(answers, 0, &[404]),
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
        judged: |answers| {
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
        judged: |answers| status(answers, 0, &[403]),
    },
    Probe {
        name: "search-everywhere",
        says: "/Search without a text has no rows",
        section: "§6.2",
        confidence: Live,
        asks: &[Ask::get("/Search", "")],
        judged: |answers| agree(nth(answers, 0)?.rows("")?.is_empty(), || "it has rows".to_owned()),
    },
    Probe {
        name: "keys-of-reports",
        says: "a row of /Report has mainentity and no is_published",
        section: "§10.17",
        confidence: Live,
        asks: &[Ask::get("/Report", "pageinate=true&page_no=1&page_size=1")],
        judged: |answers| {
            let row = nth(answers, 0)?.some_rows("reports")?.first();
            let has = |name: &str| row.and_then(|row| row.get(name)).is_some();
            agree(!has("is_published"), || "`is_published` is there".to_owned())?;
            agree(has("mainentity"), || "there is no `mainentity`".to_owned())
        },
    },
];
