//! Facts about lists, their pages and filters.

use serde_json::Value;

use crate::verify::judge::{agree, counted, differs, every_flag, ids, nth, sizes, status, unclear};
use crate::verify::{
    Answer, Ask,
    Confidence::{Assumed, Live, Reported},
    Probe,
};

const TICKETS_1: Ask = Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=1");
const TICKETS_100: Ask = Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=100");
const FIRST_TICKET: Ask = Ask::get("/Tickets", "count=1");

/// In the order in which they are reported.
pub(super) static PROBES: &[Probe] = &[
    // ---- Paging ----
    Probe {
        name: "page-of-tickets",
        says: "a page of tickets holds 100 rows at most, and record_count counts those of other pages, too",
        section: "§5.3",
        confidence: Live,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_no=1&page_size=500")],
        judged: |_, answers| sizes(answers, "tickets", 100, 0),
    },
    Probe {
        name: "page-of-others",
        says: "a page of another list holds 100 rows at most, too",
        section: "§18.4",
        confidence: Assumed,
        asks: &[Ask::get("/Users", "pageinate=true&page_no=1&page_size=500")],
        judged: |_, answers| sizes(answers, "users", 100, 0),
    },
    Probe {
        name: "page-of-assets",
        says: "a page of assets holds 50 rows, whatever is asked",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Asset", "pageinate=true&page_no=1&page_size=100")],
        judged: |_, answers| sizes(answers, "assets", 50, 0),
    },
    Probe {
        name: "page-past-the-end",
        says: "a page past the end has no rows and record_count 0",
        section: "§18.5",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_no=1000000&page_size=100"), TICKETS_1],
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            let rows = answer.rows("tickets")?.len();
            agree(rows == 0, || "it has rows".to_owned())?;
            let (count, total) = (counted(answer)?, nth(answers, 1)?.count()?);
            agree(count != total || total == 0, || "record_count is that of page 1".to_owned())?;
            agree(count == 0, || "record_count is neither 0 nor that of page 1".to_owned())
        },
    },
    Probe {
        name: "size-needs-pageinate",
        says: "without pageinate, page_size is ignored and 50 rows come",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "page_size=2"), TICKETS_1],
        judged: |_, answers| sizes(answers, "tickets", 50, 1),
    },
    Probe {
        name: "size-needs-number",
        says: "with pageinate but without page_no, page_size is ignored and 50 rows come",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "pageinate=true&page_size=100"), TICKETS_1],
        judged: |_, answers| sizes(answers, "tickets", 50, 1),
    },
    Probe {
        name: "count-of-rows",
        says: "without pageinate, record_count is the number of rows sent",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "")],
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            let rows = answer.rows("tickets")?.len();
            let count = counted(answer)?;
            agree(usize::try_from(count) == Ok(rows), || "record_count is another number".to_owned())
        },
    },
    Probe {
        name: "count-cuts",
        says: "count=3 gives three rows and record_count 3",
        section: "§5.3",
        confidence: Reported,
        asks: &[Ask::get("/Tickets", "count=3"), TICKETS_1],
        judged: |_, answers| {
            sizes(answers, "tickets", 3, 1)?;
            let count = counted(nth(answers, 0)?)?;
            agree(count == 3, || "record_count is another number".to_owned())
        },
    },
    Probe {
        name: "appointments-page",
        says: "appointments page where page_no is sent",
        section: "§5.3",
        confidence: Live,
        asks: &[Ask::get("/Appointment", "pageinate=true&page_no=1&page_size=1")],
        judged: |_, answers| {
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
        judged: |_, answers| {
            let whole = nth(answers, 0)?.some_rows("")?;
            let second = nth(answers, 1)?.rows("")?;
            agree(ids(whole)? == ids(second)?, || format!("{} rows, then {}", whole.len(), second.len()))
        },
    },
    Probe {
        name: "agents-change-envelope",
        says: "agents come bare, and under `results` with pageinate=true",
        section: "§5.1",
        confidence: Live,
        asks: &[Ask::get("/Agent", ""), Ask::get("/Agent", "pageinate=true&page_no=1&page_size=100")],
        judged: |_, answers| {
            let bare = nth(answers, 0)?;
            bare.is_read()?;
            agree(bare.body.is_array(), || {
                format!("without paging: {}", crate::verify::answer::shape(&bare.body))
            })?;
            let paged = nth(answers, 1)?;
            paged.is_read()?;
            agree(paged.unwrapped().get("results").is_some(), || {
                format!("with paging: {}", crate::verify::answer::shape(&paged.body))
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
        judged: |_, answers| {
            let ids = ids(nth(answers, 0)?.some_rows("tickets")?)?;
            if ids.len() < 2 {
                return Err(unclear("there is one ticket"));
            }
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
        judged: |_, answers| {
            let falling = ids(nth(answers, 0)?.some_rows("tickets")?)?;
            let rising = ids(nth(answers, 1)?.some_rows("tickets")?)?;
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
        judged: |_, answers| {
            let ids = ids(nth(answers, 1)?.some_rows("actions")?)?;
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
        judged: |_, answers| status(answers, 0, &[200]),
    },
    Probe {
        name: "parameters-without-case",
        says: "names of parameters are compared without case",
        section: "§4",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "COUNT=2"), TICKETS_1],
        judged: |_, answers| sizes(answers, "tickets", 2, 1),
    },
    Probe {
        name: "filter-of-wrong-type",
        says: "a text where a filter wants a number is refused with 400",
        section: "§6",
        confidence: Assumed,
        asks: &[Ask::get("/Tickets", "count=1&client_id=none")],
        judged: |_, answers| status(answers, 0, &[400]),
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
        judged: |_, answers| {
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
        judged: |_, answers| {
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
        judged: |_, answers| {
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
        judged: |_, answers| {
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
        judged: |_, answers| status(answers, 0, &[400]),
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
        judged: |_, answers| {
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
        judged: |_, answers| {
            let usual = ids(nth(answers, 0)?.rows("tickets")?)?;
            let deleted = ids(nth(answers, 1)?.some_rows("tickets")?)?;
            agree(!deleted.iter().any(|id| usual.contains(id)), || "others come, too".to_owned())
        },
    },
    Probe {
        name: "inactive-hidden",
        says: "lists leave inactive records out",
        section: "§4",
        confidence: Reported,
        asks: &[Ask::get("/Client", "pageinate=true&page_no=1&page_size=100")],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("clients")?;
            every_flag(rows, "inactive", false, "an inactive client is listed")
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
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("clients")?;
            every_flag(rows, "inactive", true, "an active client is listed")
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
        judged: |_, answers| {
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
        judged: |_, answers| {
            let wanted = ids(nth(answers, 0)?.some_rows("tickets")?)?;
            let answer = nth(answers, 1)?;
            let found = ids(answer.rows("tickets")?)?;
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
        judged: |_, answers| {
            let row =
                nth(answers, 0)?.some_rows("clients")?.first().map(crate::verify::names).unwrap_or_default();
            agree(row.as_slice() == ["id"], || format!("the keys of a row are: {}", row.join(", ")))
        },
    },
    // ---- Rows ----
    Probe {
        name: "null-keys-left-out",
        says: "a row leaves out keys without a value",
        section: "§4",
        confidence: Live,
        asks: &[TICKETS_100],
        judged: |_, answers| {
            let rows = nth(answers, 0)?.some_rows("tickets")?;
            let null = rows.iter().filter_map(Value::as_object).flatten().find(|(_, value)| value.is_null());
            match null {
                Some((name, _)) => Err(differs(format!("`{name}` is there and null"))),
                None => Ok(()),
            }
        },
    },
];
