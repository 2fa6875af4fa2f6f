//! What is copied, as data.

use serde_json::{Map, Value};

use super::names::Whose;

/// Something to copy.
#[derive(Debug)]
pub struct Source {
    /// The path below `/api`.
    pub path: &'static str,
    /// The query as it would be typed, without `?` and without paging.
    pub query: &'static str,
    /// The property of the envelope, for a list that pages; others come at once.
    pub key: Option<&'static str>,
    /// Whether each record is read alone as well, for what a list does not show.
    pub detail: bool,
    /// Whether the highest ids come first.
    pub newest_first: bool,
    /// What its names become; empty where they are names of the configuration and
    /// stay.
    pub title: &'static str,
    /// Texts that stay here and nowhere else.
    pub texts: &'static [&'static str],
}

impl Source {
    const fn bare(path: &'static str, query: &'static str) -> Self {
        Self { path, query, key: None, detail: false, newest_first: false, title: "", texts: &[] }
    }

    const fn paged(path: &'static str, key: &'static str) -> Self {
        Self { key: Some(key), ..Self::bare(path, "") }
    }

    const fn detailed(mut self) -> Self {
        self.detail = true;
        self
    }

    const fn titled(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }

    const fn with_inactive(mut self) -> Self {
        self.query = "includeinactive=true";
        self
    }

    const fn with_texts(mut self, texts: &'static [&'static str]) -> Self {
        self.texts = texts;
        self
    }

    /// The query as an object.
    #[must_use]
    pub fn query(&self) -> Map<String, Value> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }
}

/// Whose names must not be in the copy. They are read first, for their names alone.
pub static PEOPLE: &[(Whose, Source)] = &[
    (Whose::Agents, Source::bare("/Agent", "includedisabled=true&includeunassigned=true")),
    (Whose::Clients, Source::paged("/Client", "clients").with_inactive()),
    (Whose::Users, Source::paged("/Users", "users").with_inactive()),
];

/// The set-up of a desk. Teams come before what refers to them.
pub static SET_UP: &[Source] = &[
    Source::paged("/TopLevel", "tree"),
    Source::bare("/Team", "includedisabled=true"),
    Source::bare("/Agent", "includedisabled=true&includeunassigned=true").titled("Agent"),
    Source::bare("/Organisation", "").titled("Organisation"),
    Source::bare("/Workday", ""),
    Source::bare("/Holiday", "").titled("Holiday"),
    Source::bare("/SLA", ""),
    Source::bare("/Priority", ""),
    Source::bare("/Status", ""),
    Source::bare("/Category", ""),
    Source::bare("/FieldInfo", ""),
    Source::bare("/Lookup", ""),
    Source::bare("/TicketArea", ""),
    Source::bare("/TicketType", "showall=true").detailed(),
    Source::bare("/Outcome", "showhidden=true"),
    Source::bare("/Workflow", "").detailed(),
    Source::bare("/Tags", "").with_texts(&["text"]),
    Source::bare("/Currency", ""),
    Source::bare("/BudgetType", ""),
    Source::bare("/ApprovalProcess", ""),
    Source::bare("/EmailTemplate", "").titled("Template"),
    Source::bare("/CannedText", "").titled("Text"),
    Source::bare("/AssetGroup", ""),
    Source::bare("/AssetType", "").detailed(),
    Source::paged("/Service", "services"),
    Source::paged("/Item", "items"),
    Source::paged("/Supplier", "suppliers").titled("Supplier"),
    Source::paged("/Report", "reports").titled("Report"),
    Source::paged("/ClientContract", "contracts").titled("Contract"),
    Source::paged("/RecurringInvoice", "invoices").detailed().titled("Recurring invoice"),
];

/// The sample of records: the newest tickets.
pub static SAMPLE: Source = Source {
    key: Some("tickets"),
    detail: true,
    newest_first: true,
    title: "Ticket",
    ..Source::bare("/Tickets", "")
};

/// The actions of the sample; they are read by ticket.
pub static ACTIONS: Source = Source { title: "Action", ..Source::bare("/Actions", "") };
