//! Addresses of the agent application, as people copy them from the browser:
//! which page shows which kind of record, and under which keys of the query
//! the id of a record travels (HAPI §2).
//!
//! `id`, `clientid` and `siteid` are recorded from real addresses. The other
//! keys and pages are assumed; they only ever make an address understood, or
//! refused because it is the page of another kind of record.

/// A kind of record in the addresses of the agent application.
#[derive(Debug)]
pub struct Kind {
    /// Name of the resource.
    pub resource: &'static str,
    /// One of them inside a sentence, with its article.
    pub title: &'static str,
    /// Lists that its records are chosen from.
    pub lists: &'static [&'static str],
    /// Last parts of paths, in lower case.
    pub pages: &'static [&'static str],
    /// Keys of the query that hold its id, in lower case and without
    /// underscores. `id` belongs to whatever the page shows.
    pub keys: &'static [&'static str],
    /// Kinds with the same number share this name: a project is a ticket.
    pub family: &'static str,
}

const fn kind(
    resource: &'static str,
    title: &'static str,
    lists: &'static [&'static str],
    pages: &'static [&'static str],
    keys: &'static [&'static str],
) -> Kind {
    Kind { resource, title, lists, pages, keys, family: resource }
}

const fn ticket(
    resource: &'static str,
    title: &'static str,
    lists: &'static [&'static str],
    pages: &'static [&'static str],
    keys: &'static [&'static str],
) -> Kind {
    Kind { resource, title, lists, pages, keys, family: "ticket" }
}

/// Every kind of record that has a page of its own.
pub static KINDS: &[Kind] = &[
    ticket("ticket", "a ticket", &["tickets"], &["ticket", "tickets"], &["ticketid", "faultid"]),
    ticket("project", "a project", &["projects"], &["project", "projects"], &["projectid", "ticketid"]),
    ticket(
        "opportunity",
        "an opportunity",
        &["opportunities"],
        &["opportunity", "opportunities"],
        &["opportunityid", "oppid", "ticketid"],
    ),
    kind(
        "client",
        "a client",
        &["clients"],
        &["customer", "customers", "client", "clients", "area"],
        &["clientid", "customerid"],
    ),
    kind("site", "a site", &["sites"], &["site", "sites"], &["siteid"]),
    kind("user", "a user", &["users"], &["user", "users", "contact", "contacts"], &["userid"]),
    kind(
        "asset",
        "an asset",
        &["assets"],
        &["asset", "assets", "device", "devices"],
        &["assetid", "deviceid"],
    ),
    kind("agent", "an agent", &["agents"], &["agent", "agents"], &["agentid"]),
    kind("team", "a team", &["teams", "team_ids"], &["team", "teams"], &["teamid"]),
    kind("invoice", "an invoice", &["invoices"], &["invoice", "invoices"], &["invoiceid"]),
    kind(
        "recurring_invoice",
        "a recurring invoice",
        &[],
        &["recurringinvoice", "recurringinvoices"],
        &["recurringinvoiceid"],
    ),
    kind(
        "quotation",
        "a quotation",
        &[],
        &["quote", "quotes", "quotation", "quotations"],
        &["quoteid", "quotationid"],
    ),
    kind("sales_order", "a sales order", &[], &["salesorder", "salesorders"], &["salesorderid"]),
    kind(
        "purchase_order",
        "a purchase order",
        &[],
        &["purchaseorder", "purchaseorders"],
        &["purchaseorderid"],
    ),
    kind(
        "contract",
        "a contract",
        &["contracts"],
        &["contract", "contracts", "clientcontract", "clientcontracts"],
        &["contractid", "clientcontractid"],
    ),
    kind("supplier", "a supplier", &["suppliers"], &["supplier", "suppliers"], &["supplierid"]),
    kind("item", "an item", &["items"], &["item", "items", "product", "products"], &["itemid"]),
    kind(
        "software_licence",
        "a software licence",
        &[],
        &["softwarelicence", "softwarelicences", "licence", "licences"],
        &["softwarelicenceid", "licenceid"],
    ),
    kind(
        "kb_article",
        "a knowledge base article",
        &["articles"],
        &["kb", "kbarticle", "kbarticles", "article", "articles"],
        &["kbid", "kbarticleid", "articleid"],
    ),
    kind(
        "appointment",
        "an appointment",
        &[],
        &["appointment", "appointments", "calendar"],
        &["appointmentid"],
    ),
    kind("report", "a report", &["reports"], &["report", "reports", "reporting"], &["reportid"]),
    kind(
        "canned_text",
        "a canned text",
        &["canned_texts"],
        &["cannedtext", "cannedtexts"],
        &["cannedtextid"],
    ),
    kind("crm_note", "a CRM note", &[], &["crmnote", "crmnotes"], &["crmnoteid"]),
    kind("attachment", "an attachment", &[], &["attachment", "attachments"], &["attachmentid"]),
    kind("status", "a status", &["statuses"], &["status", "statuses"], &["statusid"]),
    kind(
        "ticket_type",
        "a ticket type",
        &["ticket_types"],
        &["tickettype", "tickettypes", "requesttype", "requesttypes"],
        &["tickettypeid", "requesttypeid"],
    ),
];

/// The kind of the records of a resource.
pub fn of_resource(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.resource == name)
}

/// The kind of the records of a list.
pub fn of_list(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.lists.contains(&name))
}

/// The kind of record that a page shows; `page` is the last word of a path.
pub fn of_page(page: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.pages.iter().any(|own| own.eq_ignore_ascii_case(page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{RESOURCES, lists};

    #[test]
    fn every_page_key_and_list_belongs_to_one_kind_of_record() {
        for (index, kind) in KINDS.iter().enumerate() {
            let others = || KINDS.iter().skip(index + 1);
            for page in kind.pages {
                assert!(others().all(|other| !other.pages.contains(page)), "{page}");
            }
            for key in kind.keys {
                let apart = |other: &Kind| other.family == kind.family || !other.keys.contains(key);
                assert!(others().all(apart), "{key}");
            }
            for list in kind.lists {
                assert!(lists::find_list(list).is_some(), "{list}");
                assert!(others().all(|other| !other.lists.contains(list)), "{list}");
            }
        }
    }

    #[test]
    fn every_resource_with_a_list_of_its_own_has_a_kind() {
        for resource in RESOURCES.iter().filter(|resource| !resource.list.is_empty()) {
            let kind = of_resource(resource.name).unwrap_or_else(|| panic!("{}", resource.name));
            assert!(kind.lists.contains(&resource.list), "{}", resource.name);
        }
    }
}
