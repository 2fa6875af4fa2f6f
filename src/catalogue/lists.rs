//! Lists to choose values from, as data: where their rows come from, what
//! stands in them, what they depend on, how they are searched.
//!
//! To add one, write its [`List`] by the example of `clients`; `lookup` reads
//! them all, the manifest and the references in inputs follow from there.

use super::field::Field;
use super::resource::Required;

/// Values to choose from.
#[derive(Debug)]
pub struct List {
    /// What `options` takes and fields refer to.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What is in it, for people.
    pub description: &'static str,
    /// Path below the resource server.
    pub path: &'static str,
    /// Property of the envelope that holds the rows, for a list that HaloPSA
    /// searches and pages. Empty where the rows come bare and all at once
    /// (HAPI §5.1): then we search.
    pub list_key: &'static str,
    /// Scope of the API application, where one is needed (HAPI §3.3).
    pub scope: Option<&'static str>,
    /// Fixed query.
    pub query: &'static [(&'static str, &'static str)],
    /// Column that holds the number of a row.
    pub id: &'static str,
    /// Column that goes into the input.
    pub value: &'static str,
    /// Column with the name, and one to tell apart rows of the same name.
    pub label: &'static [&'static str],
    /// Columns of the second line.
    pub description_columns: &'static [&'static str],
    /// What it depends on.
    pub parameters: &'static [Parameter],
    /// Which parameters it cannot do without.
    pub required: Required,
    /// What its records belong to: a parameter, and the columns of a single
    /// record that hold it.
    pub belongs: &'static [(&'static str, &'static [&'static str])],
    /// Whether `search` goes out as a condition on the name, too: some
    /// instances ignore the plain one (HAPI §6.2).
    pub search_by_name: bool,
    /// Whether the values are paths, such as `Hardware>Printer`.
    pub tree: bool,
    /// Whether the newest rows come first; others come by name.
    pub newest_first: bool,
    /// What else is to be done.
    pub rule: Rule,
}

/// Something that a list depends on.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in `params`.
    pub field: Field,
    /// The query parameter that it becomes; `None` where the list's rule uses it.
    pub query: Option<&'static str>,
}

/// What a list needs beside one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    None,
    /// Only statuses that the ticket type allows.
    StatusesOfTicketType,
    /// The priorities of the SLA, which may be the ticket type's default one.
    PrioritiesOfSla,
    /// The outcomes that the ticket's type and workflow allow.
    OutcomesOfTicket,
    /// Where an agent may not see the teams, those that agents are in.
    TeamsOfAgents,
    /// The fields of a ticket type.
    TicketFields,
}

impl List {
    const PLAIN: Self = Self {
        name: "",
        title: "",
        description: "",
        path: "",
        list_key: "",
        scope: None,
        query: &[],
        id: "id",
        value: "id",
        label: &["name"],
        description_columns: &[],
        parameters: &[],
        required: Required::NOTHING,
        belongs: &[],
        search_by_name: false,
        tree: false,
        newest_first: false,
        rule: Rule::None,
    };

    /// Whether HaloPSA pages and searches it.
    pub const fn is_paged(&self) -> bool {
        !self.list_key.is_empty()
    }

    /// Whether its entries are fields of a form, and not values.
    pub const fn is_fields(&self) -> bool {
        matches!(self.rule, Rule::TicketFields)
    }

    /// Whether what goes into the input is the number of the record.
    pub fn takes_ids(&self) -> bool {
        self.value == self.id
    }
}

const fn parameter(field: Field, query: Option<&'static str>) -> Parameter {
    Parameter { field, query }
}

const CLIENT: Field =
    Field::choice("client_id", "Client", "Only what belongs to this client.", "clients", &[]);
const SITE: Field = Field::choice(
    "site_id",
    "Site",
    "Only what belongs to this site.",
    "sites",
    &[("client_id", "client_id")],
);
const TYPE: Field =
    Field::choice("tickettype_id", "Ticket type", "Only what this ticket type allows.", "ticket_types", &[]);
const TICKET: Field = Field::choice("ticket_id", "Ticket", "Only what this ticket allows.", "tickets", &[]);
const SLA: Field = Field::choice("sla_id", "SLA", "The service level agreement.", "slas", &[]);

const OF_CLIENT: Parameter = parameter(CLIENT, Some("client_id"));
const OF_SITE: Parameter = parameter(SITE, Some("site_id"));
const OF_TYPE: Parameter = parameter(TYPE, None);
const OF_TICKET: Parameter = parameter(TICKET, None);

const TO_TYPE: &[Parameter] = &[parameter(TYPE, Some("tickettype_id"))];

const CUSTOMERS: Option<&str> = Some("read:customers");
const TICKETS: Option<&str> = Some("read:tickets");

const fn category(name: &'static str, title: &'static str, query: &'static [(&str, &str)]) -> List {
    List {
        name,
        title,
        description: "Categories as a tree; the value is the full path, such as Hardware>Printer.",
        path: "/Category",
        query,
        value: "value",
        label: &["value"],
        parameters: TO_TYPE,
        tree: true,
        ..List::PLAIN
    }
}

/// Rows that have names, come bare and depend on nothing.
const fn bare(name: &'static str, title: &'static str, path: &'static str) -> List {
    List { name, title, path, ..List::PLAIN }
}

/// Every list, in the order that people see.
pub static LISTS: &[List] = &[
    List {
        name: "clients",
        title: "Clients",
        path: "/Client",
        list_key: "clients",
        scope: CUSTOMERS,
        description_columns: &["toplevel_name"],
        search_by_name: true,
        ..List::PLAIN
    },
    List {
        name: "sites",
        title: "Sites",
        description: "Sites of a client, or of all.",
        belongs: &[("client_id", &["client_id"])],
        path: "/Site",
        list_key: "sites",
        scope: CUSTOMERS,
        description_columns: &["client_name"],
        parameters: &[OF_CLIENT],
        ..List::PLAIN
    },
    List {
        name: "users",
        title: "Users",
        description: "Users of a site, of a client, or of all.",
        // Sites come as 18.0 in the one, as 18 in the other (HAPI §4).
        belongs: &[("client_id", &["client_id"]), ("site_id", &["site_id_int", "site_id"])],
        path: "/Users",
        list_key: "users",
        scope: CUSTOMERS,
        label: &["name", "emailaddress"],
        description_columns: &["client_name", "site_name"],
        parameters: &[OF_CLIENT, OF_SITE],
        ..List::PLAIN
    },
    List {
        name: "agents",
        title: "Agents",
        description: "Agents who are not switched off.",
        path: "/Agent",
        label: &["name", "email"],
        description_columns: &["team"],
        ..List::PLAIN
    },
    List {
        name: "teams",
        title: "Teams",
        description: "Teams; the value is the name, which is what tickets take.",
        path: "/Team",
        query: &[("showall", "true")],
        value: "name",
        description_columns: &["department_name"],
        rule: Rule::TeamsOfAgents,
        ..List::PLAIN
    },
    List {
        name: "team_ids",
        title: "Teams (ids)",
        description: "Teams by id, for what takes no name.",
        path: "/Team",
        description_columns: &["department_name"],
        rule: Rule::TeamsOfAgents,
        ..List::PLAIN
    },
    List {
        name: "tickets",
        title: "Tickets",
        description: "Open and closed tickets, by number, summary or user.",
        path: "/Tickets",
        list_key: "tickets",
        scope: TICKETS,
        label: &["summary", "id"],
        description_columns: &["client_name", "user_name"],
        parameters: &[OF_CLIENT],
        newest_first: true,
        ..List::PLAIN
    },
    List {
        name: "ticket_types",
        title: "Ticket types",
        path: "/TicketType",
        query: &[("showall", "true")],
        description_columns: &["group_name"],
        ..List::PLAIN
    },
    List {
        name: "ticket_fields",
        title: "Fields of a ticket type",
        description: "The fields that a ticket type shows when a ticket is made, with type, options and whether they are mandatory.",
        path: "/TicketType",
        value: "name",
        label: &["label"],
        parameters: &[OF_TYPE, OF_TICKET],
        required: Required { all: &[], any: &[&["tickettype_id"], &["ticket_id"]] },
        rule: Rule::TicketFields,
        ..List::PLAIN
    },
    List {
        name: "statuses",
        title: "Statuses",
        description: "Statuses of tickets: those that the ticket type allows, or all.",
        path: "/Status",
        parameters: &[OF_TYPE, OF_TICKET],
        rule: Rule::StatusesOfTicketType,
        ..List::PLAIN
    },
    List {
        name: "priorities",
        title: "Priorities",
        description: "Priorities of an SLA: the given one, the ticket's, or the ticket type's default one.",
        path: "/Priority",
        id: "priorityid",
        value: "priorityid",
        parameters: &[parameter(SLA, Some("slaid")), OF_TYPE, OF_TICKET],
        required: Required { all: &[], any: &[&["sla_id"], &["tickettype_id"], &["ticket_id"]] },
        rule: Rule::PrioritiesOfSla,
        ..List::PLAIN
    },
    category("categories_1", "Categories 1", &[("type_id", "1")]),
    category("categories_2", "Categories 2", &[("type_id", "2")]),
    category("categories_3", "Categories 3", &[("type_id", "3")]),
    category("categories_4", "Categories 4", &[("type_id", "4")]),
    List {
        name: "outcomes",
        title: "Outcomes",
        description: "What can be done on a ticket: what its type and the step of its workflow allow, or all.",
        path: "/Outcome",
        label: &["buttonname", "outcome"],
        parameters: &[parameter(TYPE, Some("tickettype_id")), OF_TICKET],
        rule: Rule::OutcomesOfTicket,
        ..List::PLAIN
    },
    bare("slas", "SLAs", "/SLA"),
    bare("ticket_areas", "Ticket areas", "/TicketArea"),
    bare("workflows", "Workflows", "/Workflow"),
    List { label: &["text"], ..bare("tags", "Tags", "/Tags") },
    List {
        name: "assets",
        title: "Assets",
        description: "Assets of a site, of a client, or of all.",
        path: "/Asset",
        list_key: "assets",
        scope: Some("read:assets"),
        label: &["inventory_number", "key_field"],
        description_columns: &["assettype_name", "client_name", "username"],
        parameters: &[OF_CLIENT, OF_SITE],
        ..List::PLAIN
    },
    bare("asset_types", "Asset types", "/AssetType"),
    bare("asset_groups", "Asset groups", "/AssetGroup"),
    List {
        name: "contracts",
        title: "Contracts",
        description: "Contracts of a client, or of all.",
        path: "/ClientContract",
        list_key: "contracts",
        scope: Some("read:contracts"),
        label: &["ref"],
        description_columns: &["client_name", "site_name"],
        parameters: &[OF_CLIENT],
        ..List::PLAIN
    },
    List {
        name: "items",
        title: "Items",
        path: "/Item",
        list_key: "items",
        scope: Some("read:items"),
        description_columns: &["supplier_name"],
        ..List::PLAIN
    },
    List {
        name: "suppliers",
        title: "Suppliers",
        path: "/Supplier",
        list_key: "suppliers",
        scope: Some("read:suppliers"),
        ..List::PLAIN
    },
    List {
        name: "invoices",
        title: "Invoices",
        description: "Invoices of a client, or of all.",
        path: "/Invoice",
        list_key: "invoices",
        scope: Some("read:invoices"),
        label: &["invoicenumber", "id"],
        description_columns: &["client_name"],
        parameters: &[OF_CLIENT],
        newest_first: true,
        ..List::PLAIN
    },
    List {
        name: "articles",
        title: "Knowledge base articles",
        path: "/KBArticle",
        list_key: "articles",
        scope: Some("read:kb"),
        ..List::PLAIN
    },
    List {
        name: "projects",
        title: "Projects",
        description: "Projects of a client, or of all.",
        path: "/Projects",
        list_key: "tickets",
        scope: TICKETS,
        label: &["summary", "id"],
        description_columns: &["client_name"],
        parameters: &[OF_CLIENT],
        newest_first: true,
        ..List::PLAIN
    },
    List {
        name: "opportunities",
        title: "Opportunities",
        description: "Opportunities of a client, or of all.",
        path: "/Opportunities",
        list_key: "tickets",
        scope: TICKETS,
        label: &["summary", "id"],
        description_columns: &["client_name"],
        parameters: &[OF_CLIENT],
        newest_first: true,
        ..List::PLAIN
    },
    List {
        name: "reports",
        title: "Reports",
        path: "/Report",
        list_key: "reports",
        scope: Some("read:reporting"),
        ..List::PLAIN
    },
    bare("canned_texts", "Canned texts", "/CannedText"),
    List {
        name: "top_levels",
        title: "Top levels",
        description: "Customer groups.",
        path: "/TopLevel",
        list_key: "tree",
        scope: CUSTOMERS,
        ..List::PLAIN
    },
    List {
        name: "departments",
        title: "Departments",
        description: "Departments of agents.",
        path: "/TopLevel",
        list_key: "tree",
        scope: CUSTOMERS,
        query: &[("agent_departments_only", "true")],
        ..List::PLAIN
    },
    bare("organisations", "Organisations", "/Organisation"),
    List {
        name: "customer_types",
        title: "Customer types",
        path: "/Lookup",
        query: &[("lookupid", "33")],
        ..List::PLAIN
    },
    List {
        name: "asset_statuses",
        title: "Asset statuses",
        path: "/Lookup",
        query: &[("lookupid", "61")],
        ..List::PLAIN
    },
    List {
        name: "charge_rates",
        title: "Charge rates",
        path: "/Lookup",
        query: &[("lookupid", "17")],
        ..List::PLAIN
    },
    List {
        name: "custom_field_values",
        title: "Values of a custom field",
        description: "Values of a selection field, by the number of its lookup.",
        path: "/Lookup",
        parameters: &[parameter(
            Field::integer("lookup_id", "Lookup", "Number of the lookup, as the field's definition says."),
            Some("lookupid"),
        )],
        required: Required::all(&["lookup_id"]),
        ..List::PLAIN
    },
];

/// Finds a list by its name.
pub fn find_list(name: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.name == name)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::catalogue::field::{Choice, Kind};
    use crate::catalogue::triggers::{TRIGGERS, Trigger};
    use crate::catalogue::{RESOURCES, operations};

    fn choices(kind: Kind) -> Vec<Choice> {
        match kind {
            Kind::Reference(choice) | Kind::References(choice) | Kind::CustomFields(Some(choice)) => {
                [choice].to_vec()
            }
            Kind::Object(fields) | Kind::Objects(fields) => {
                fields.iter().flat_map(|field| choices(field.kind)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_reference_leads_to_a_list_with_its_parameters() {
        for (resource, operation) in operations() {
            let inputs = resource.inputs(operation.verb);
            for choice in inputs.iter().flat_map(|field| choices(field.kind)) {
                let list = find_list(choice.list).unwrap_or_else(|| panic!("no list {}", choice.list));
                for (parameter, _) in choice.parameters {
                    let known = list.parameters.iter().any(|known| known.field.name == *parameter);
                    assert!(known, "{} has no parameter {parameter}", list.name);
                }
            }
        }
        for resource in RESOURCES.iter().filter(|resource| !resource.list.is_empty()) {
            assert!(find_list(resource.list).is_some(), "{}", resource.list);
        }
    }

    /// Several go out with commas between them, which names may hold, too.
    #[test]
    fn several_references_are_ids_of_a_list_that_needs_nothing() {
        let filters = operations().flat_map(|(resource, operation)| resource.inputs(operation.verb));
        for field in filters.chain(TRIGGERS.iter().flat_map(Trigger::config)) {
            if let Kind::References(choice) = field.kind {
                let list = find_list(choice.list).unwrap_or_else(|| panic!("no list {}", choice.list));
                assert!(list.takes_ids() && list.required.all.is_empty(), "{}", field.name);
                assert!(list.required.any.is_empty(), "{}", field.name);
            }
        }
    }

    #[test]
    fn lists_have_names_of_their_own_and_depend_on_what_they_have() {
        for (index, list) in LISTS.iter().enumerate() {
            assert!(!LISTS.iter().skip(index + 1).any(|other| other.name == list.name), "{}", list.name);
            for name in list.required.all.iter().chain(list.required.any.iter().copied().flatten()) {
                assert!(
                    list.parameters.iter().any(|known| known.field.name == *name),
                    "{}: {name}",
                    list.name
                );
            }
        }
    }
}
