//! What HaloPSA has, as data: resources with their fields, filters, output
//! columns and operations.
//!
//! One file per resource. To add one, write its `Resource` by the example of
//! [`client`](client::CLIENT) and name it in [`RESOURCES`]; the engine, the
//! manifest and the documentation follow from there. No control flow lives
//! here, and nothing that depends on the rest of the crate: the build script
//! compiles this folder too, to render the manifest.

pub mod agent;
pub mod api;
pub mod appointment;
pub mod asset;
pub mod attachment;
pub mod audit;
pub mod canned_text;
pub mod client;
pub mod common;
pub mod contract;
pub mod crm_note;
pub mod email;
pub mod field;
pub mod invoice;
pub mod item;
pub mod kb_article;
pub mod lists;
pub mod mapping;
pub mod note;
pub mod opportunity;
pub mod pages;
pub mod project;
pub mod purchase_order;
pub mod quotation;
pub mod recurring_invoice;
pub mod report;
pub mod resource;
pub mod sales_order;
pub mod site;
pub mod software_licence;
pub mod supplier;
pub mod team;
pub mod ticket;
pub mod time;
pub mod triggers;
pub mod user;

use resource::{Operation, Resource};

/// Every resource, in the order that people see.
pub static RESOURCES: &[&Resource] = &[
    &ticket::TICKET,
    &note::NOTE,
    &time::TIME,
    &email::EMAIL,
    &attachment::ATTACHMENT,
    &client::CLIENT,
    &site::SITE,
    &user::USER,
    &crm_note::CRM_NOTE,
    &asset::ASSET,
    &item::ITEM,
    &supplier::SUPPLIER,
    &software_licence::SOFTWARE_LICENCE,
    &contract::CONTRACT,
    &opportunity::OPPORTUNITY,
    &quotation::QUOTATION,
    &sales_order::SALES_ORDER,
    &purchase_order::PURCHASE_ORDER,
    &invoice::INVOICE,
    &recurring_invoice::RECURRING_INVOICE,
    &project::PROJECT,
    &appointment::APPOINTMENT,
    &kb_article::KB_ARTICLE,
    &canned_text::CANNED_TEXT,
    &agent::AGENT,
    &team::TEAM,
    &report::REPORT,
    &audit::AUDIT,
    &mapping::MAPPING,
    &api::API,
];

/// A part of what there is, for platforms that show it in several nodes.
#[derive(Debug)]
pub struct Area {
    /// Our name for it.
    pub name: &'static str,
    /// What a person reads.
    pub title: &'static str,
    /// What can be done in it, in one sentence.
    pub description: &'static str,
    /// The groups of resources that belong to it.
    pub groups: &'static [&'static str],
}

/// Every group of resources, in the area that people look for it in.
pub static AREAS: &[Area] = &[
    Area {
        name: "service_desk",
        title: "Service Desk",
        description: "Works with tickets, notes, time entries, mails, files, clients, sites, users and assets.",
        groups: &["Tickets", "Notes and files", "Customers", "Assets"],
    },
    Area {
        name: "billing",
        title: "Billing",
        description: "Works with contracts, opportunities, quotations, orders, invoices, items, suppliers and CRM notes.",
        groups: &["Sales and billing", "Stock"],
    },
    Area {
        name: "administration",
        title: "Administration",
        description: "Works with projects, appointments, articles, agents, teams, reports, client mapping and the API itself.",
        groups: &["Knowledge and planning", "Agents and teams", "Set-up and reports"],
    },
];

/// Every operation with the resource that it belongs to.
pub fn operations() -> impl Iterator<Item = (&'static Resource, &'static Operation)> {
    RESOURCES.iter().flat_map(|resource| resource.operations.iter().map(|operation| (*resource, operation)))
}

/// Finds an operation by its id, such as `ticket.create`.
pub fn find(id: &str) -> Option<(&'static Resource, &'static Operation)> {
    let (resource_name, verb_name) = id.split_once('.')?;
    operations()
        .find(|(resource, operation)| resource.name == resource_name && operation.verb.name() == verb_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_belongs_to_one_area() {
        for resource in RESOURCES {
            let areas = AREAS.iter().filter(|area| area.groups.contains(&resource.group)).count();
            assert_eq!(areas, 1, "{}: {}", resource.name, resource.group);
        }
        for group in AREAS.iter().flat_map(|area| area.groups) {
            assert!(RESOURCES.iter().any(|resource| resource.group == *group), "{group}");
        }
    }

    #[test]
    fn main_columns_are_few_and_are_columns() {
        for resource in RESOURCES.iter().filter(|resource| !resource.main.is_empty()) {
            let columns = || resource.columns.iter().chain(resource.detail_columns);
            assert!(resource.main.len() <= 13, "{}: {}", resource.name, resource.main.len());
            for name in resource.main {
                let is_link = *name == "link" && resource.page.is_some();
                assert!(is_link || columns().any(|column| column.name == *name), "{}: {name}", resource.name);
            }
        }
        for resource in RESOURCES.iter().filter(|resource| resource.main.is_empty()) {
            let all = resource.columns.len() + resource.detail_columns.len();
            assert!(all <= 13, "{} has {all} columns, and none of them is a main one", resource.name);
        }
    }

    #[test]
    fn names_in_essentials_and_presets_are_those_of_inputs() {
        for (resource, operation) in operations() {
            let inputs = resource.inputs(operation.verb);
            let presets = resource.list_presets.iter().map(|(name, _)| name);
            let presets = presets.filter(|_| matches!(operation.verb, resource::Verb::List));
            for name in resource.essential(operation.verb).iter().chain(presets) {
                assert!(
                    inputs.iter().any(|field| field.name == *name),
                    "{}.{}: {name}",
                    resource.name,
                    operation.verb.name()
                );
            }
        }
    }
}
