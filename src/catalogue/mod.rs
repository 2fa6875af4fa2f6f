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
