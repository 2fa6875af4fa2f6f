//! The resources of the API as data: one declaration each.
//!
//! A declaration says where a resource lives, how its list looks, which fields
//! and filters it has, who may use it. What data cannot say (ticket life, new
//! clients, actions) is in [`crate::desk`] and named here as a function.
//! To add a resource, read [`customers`] once and copy a page.

pub(crate) mod actions;
mod advanced;
pub(crate) mod assets;
pub(crate) mod attachments;
pub(crate) mod below;
pub(crate) mod billing;
pub(crate) mod calendar;
pub(crate) mod configuration;
pub(crate) mod crm;
pub(crate) mod custom;
pub(crate) mod customers;
pub(crate) mod field;
pub(crate) mod fields_config;
pub(crate) mod filter;
pub(crate) mod knowledge;
pub(crate) mod known;
pub(crate) mod lists;
pub(crate) mod organisation;
pub(crate) mod patch;
pub(crate) mod people;
pub(crate) mod render;
pub(crate) mod sales;
pub(crate) mod sight;
pub(crate) mod small;
pub(crate) mod stock;
pub(crate) mod tickets;
pub(crate) mod webhooks;

use std::borrow::Cow;

use serde_json::Value;

use self::{field::Field, filter::Filter};
use crate::{
    auth::Group,
    desk,
    protocol::paging::PageRule,
    state::{Row, TableId, World, row::whole},
};

/// One resource of the API.
pub(crate) struct Resource {
    /// The path below `/api/`.
    pub(crate) path: &'static str,
    /// The table behind it.
    pub(crate) table: TableId,
    /// How its list is wrapped.
    pub(crate) envelope: Envelope,
    /// How its list pages.
    pub(crate) page: PageRule,
    /// The scopes that open it.
    pub(crate) group: Group,
    /// Its fields in the order of the wire.
    pub(crate) fields: &'static [Field],
    /// What narrows its list.
    pub(crate) filters: &'static [Filter],
    /// The fields that `search` looks at; none means that `search` is ignored.
    pub(crate) search: &'static [&'static str],
    /// Whether its list takes `advanced_search` (HAPI §6.2).
    pub(crate) advanced_search: bool,
    /// The parameter that cuts rows down to their ids, and what is left.
    pub(crate) id_only: Option<IdOnly>,
    /// Whether the list starts with the highest id.
    pub(crate) newest_first: bool,
    /// Which rows a list leaves out.
    pub(crate) hidden: Option<Hidden>,
    /// Which rows a list is made from.
    pub(crate) rows: Rows,
    /// How its records are found.
    pub(crate) identity: Identity,
    /// What one of them looks like.
    pub(crate) reading: Reading,
    /// What a new record cannot do without: field and refusal.
    pub(crate) required: &'static [Required],
    /// How it is written.
    pub(crate) write: Write,
    /// How a record is deleted, if it can be.
    pub(crate) delete: Option<desk::Delete>,
    /// Whether the resource is rendered with the names of POST answers (HAPI §7.4).
    pub(crate) renames: &'static [(&'static str, &'static str)],
}

/// How a list is wrapped (HAPI §5.1).
#[derive(Clone, Copy)]
pub(crate) enum Envelope {
    /// `{ "record_count": …, key: [ … ] }`
    Keyed(&'static str),
    /// `[ … ]`
    Bare,
    /// `[ … ]`, but keyed where `pageinate=true` is sent.
    BareUnlessPaged(&'static str),
}

/// Rows cut down to their ids (HAPI §5.3, §6.3).
#[derive(Clone, Copy)]
pub(crate) struct IdOnly {
    /// The parameter.
    pub(crate) asked_by: &'static str,
    /// The fields that are left.
    pub(crate) fields: &'static [&'static str],
}

impl IdOnly {
    /// `idonly`, as most lists have it.
    pub(crate) const USUAL: Option<Self> = Some(Self { asked_by: "idonly", fields: &["id"] });
}

/// Rows that lists leave out.
#[derive(Clone, Copy)]
pub(crate) struct Hidden {
    /// The switch of such a row.
    pub(crate) flag: &'static str,
    /// The parameter that shows it.
    pub(crate) shown_by: &'static str,
    /// Whether that parameter shows nothing else.
    pub(crate) only: bool,
    /// The parameter that leaves out the others where it is `false`.
    pub(crate) without: Option<&'static str>,
}

/// Which rows a list is made from.
#[derive(Clone, Copy)]
pub(crate) enum Rows {
    /// The whole table.
    All,
    /// Those with this text in this field.
    Only {
        /// The field.
        field: &'static str,
        /// The text.
        value: &'static str,
    },
    /// Those of one owner, named by a parameter; without it none, or HTTP 500 by
    /// quirk (HAPI §8.1).
    Owned {
        /// The parameter, and the words about it.
        by: &'static str,
    },
    /// None, unless one of these parameters is sent (HAPI §9).
    Asked(&'static [&'static str]),
}

/// What a GET with an id gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The record as JSON.
    Record,
    /// A file, or a link to it; with `includedetails` the record (HAPI §9).
    File,
}

/// How a record is found by the last part of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A whole number from 1.
    Int,
    /// A whole number below zero, as recorded on live tenants for recurring
    /// invoices. Which number a new one gets is assumed: the next one down.
    Negative,
    /// A GUID.
    Guid,
    /// A number inside an owner that a parameter names.
    Owned(&'static str),
}

/// A field that a new record must have.
#[derive(Clone, Copy)]
pub(crate) struct Required {
    /// The field; any of them will do.
    pub(crate) any_of: &'static [&'static str],
    /// HaloPSA's words where it is missing.
    pub(crate) message: &'static str,
}

/// How a resource is written.
#[derive(Clone, Copy)]
pub(crate) enum Write {
    /// Not at all.
    Never,
    /// One element after the other.
    Each(desk::WriteOne),
}

impl Resource {
    /// A readable, bare list in the configuration group; declarations change
    /// what differs.
    pub(crate) const PLAIN: Self = Self {
        path: "",
        table: TableId::Lookups,
        envelope: Envelope::Bare,
        page: PageRule::Unpaged,
        group: Group::Configuration,
        fields: &[],
        filters: &[],
        search: &[],
        advanced_search: false,
        id_only: None,
        newest_first: false,
        hidden: None,
        rows: Rows::All,
        identity: Identity::Int,
        reading: Reading::Record,
        required: &[],
        write: Write::Each(desk::generic::write),
        delete: Some(desk::generic::delete),
        renames: &[],
    };

    /// The declaration of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The value of a field, stored or worked out; borrowed where possible,
    /// because filters look at every row.
    pub(crate) fn value<'r>(&self, world: &World, row: &'r Row, name: &str) -> Cow<'r, Value> {
        if let Some(stored) = row.get(name) {
            return Cow::Borrowed(stored);
        }
        Cow::Owned(self.field(name).map_or(Value::Null, |field| field.value(world, row)))
    }

    /// The value of a field as a whole number.
    pub(crate) fn int(&self, world: &World, row: &Row, name: &str) -> i64 {
        whole(&self.value(world, row, name)).unwrap_or(0)
    }
}

/// All resources.
pub(crate) static ALL: &[&Resource] = &[
    &tickets::TICKETS,
    &actions::ACTIONS,
    &attachments::ATTACHMENT,
    &customers::CLIENT,
    &customers::SITE,
    &customers::USERS,
    &people::AGENT,
    &people::TEAM,
    &configuration::STATUS,
    &configuration::TICKET_TYPE,
    &configuration::PRIORITY,
    &configuration::SLA,
    &configuration::CATEGORY,
    &configuration::OUTCOME,
    &configuration::WORKFLOW,
    &organisation::ORGANISATION,
    &organisation::TOP_LEVEL,
    &assets::ASSET,
    &assets::ASSET_TYPE,
    &assets::ASSET_GROUP,
    &stock::ITEM,
    &stock::SUPPLIER,
    &stock::SOFTWARE_LICENCE,
    &billing::CLIENT_CONTRACT,
    &billing::INVOICE,
    &billing::RECURRING_INVOICE,
    &sales::QUOTATION,
    &sales::SALES_ORDER,
    &sales::PURCHASE_ORDER,
    &crm::OPPORTUNITIES,
    &crm::PROJECTS,
    &crm::CRM_NOTE,
    &calendar::APPOINTMENT,
    &calendar::TIMESHEET_EVENT,
    &knowledge::KB_ARTICLE,
    &knowledge::REPORT,
    &knowledge::CANNED_TEXT,
    &fields_config::FIELD_INFO,
    &fields_config::LOOKUP,
    &webhooks::WEBHOOK,
    &webhooks::NOTIFICATION,
    &webhooks::WEBHOOK_EVENT,
    &organisation::AUDIT,
    &small::TICKET_AREA,
    &small::TAGS,
    &small::WORKDAY,
    &small::HOLIDAY,
    &small::CURRENCY,
    &small::EMAIL_TEMPLATE,
    &small::BUDGET_TYPE,
    &small::APPROVAL_PROCESS,
    &small::SERVICE,
    &small::RELEASE,
    &small::TIMESHEET,
];

/// The resource at a path, without case (HAPI §2).
pub(crate) fn find(path: &str) -> Option<&'static Resource> {
    ALL.iter().copied().find(|resource| resource.path.eq_ignore_ascii_case(path))
}
