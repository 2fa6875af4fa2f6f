//! What people do with HaloPSA in workflows, the operation that does it here,
//! and whether other products do: a table for the README.
//!
//! About the others it says what their published source, documentation and
//! issue threads say, and nothing that was only guessed.

use Has::{No, Partly, Raw, Unknown, Yes};

/// The other products, in the order of [`Job::others`]: n8n's built-in node,
/// CIPP, Rewst's integration, Nango's and Appxite's.
pub const PEERS: [&str; 5] = ["n8n", "CIPP", "Rewst", "Nango", "Appxite"];

/// Whether a product does a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// It does.
    Yes,
    /// It does some of it, or does it for itself only.
    Partly,
    /// It does not.
    No,
    /// Only where people write the request themselves.
    Raw,
    /// Nothing is published.
    Unknown,
}

impl Has {
    const fn mark(self) -> &'static str {
        match self {
            Yes => "✔",
            Partly => "◐",
            No => "✘",
            Raw => "raw",
            Unknown => "?",
        }
    }
}

/// Something that people want done.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// What is to be done.
    pub job: &'static str,
    /// What does it here: operations and triggers, which have a dot in their
    /// names, and functions of the contract, which have none.
    pub operations: &'static [&'static str],
    /// Who else does it, in the order of [`PEERS`].
    pub others: [Has; PEERS.len()],
}

const fn job(job: &'static str, operations: &'static [&'static str], others: [Has; PEERS.len()]) -> Job {
    Job { job, operations, others }
}

/// The jobs, those of the service desk first.
pub static JOBS: &[Job] = &[
    // Tickets.
    job("Create a ticket", &["ticket.create"], [Partly, Yes, Yes, Raw, Partly]),
    job("… for a client, site and user", &["ticket.create"], [No, Yes, Yes, Raw, Unknown]),
    job("… with priority, team, category, agent", &["ticket.create"], [Partly, Partly, Yes, Raw, Unknown]),
    job("… with custom fields", &["ticket.create", "ticket.update"], [No, No, Partly, Raw, Unknown]),
    job("… by a form that follows the ticket type", &["options"], [No, No, No, No, No]),
    job(
        "… for whoever has this e-mail address",
        &["ticket.find_or_append", "ticket.upsert"],
        [No, Yes, Yes, No, Unknown],
    ),
    job(
        "Many tickets in one call, each with its result",
        &["ticket.create"],
        [Partly, No, Partly, No, Unknown],
    ),
    job("Alert to ticket, or to the open one", &["ticket.find_or_append"], [No, Yes, No, No, No]),
    job("… and the same call twice makes one", &["ticket.find_or_append"], [No, Partly, No, No, Unknown]),
    job("Create or update in one step", &["ticket.upsert"], [No, No, Yes, No, Unknown]),
    job("Read a ticket", &["ticket.get"], [Yes, Partly, Yes, Raw, Unknown]),
    job("List tickets by rich filters", &["ticket.list"], [No, No, Unknown, Raw, Unknown]),
    job("… changed since a time", &["ticket.list"], [No, No, Partly, Raw, Unknown]),
    job("… all of them, whatever the page cap", &["ticket.list"], [Partly, No, Unknown, No, Unknown]),
    job("Update a ticket", &["ticket.update"], [Partly, Partly, Yes, Raw, Unknown]),
    job("Close, reopen", &["ticket.close", "ticket.reopen"], [No, No, Yes, Raw, Unknown]),
    job("Assign to agent or team", &["ticket.assign"], [Partly, No, Yes, Raw, Unknown]),
    job("Merge", &["ticket.merge"], [No, No, Unknown, Raw, Unknown]),
    job("Delete", &["ticket.delete"], [Yes, No, Yes, Raw, Unknown]),
    job("Restore what was deleted", &["ticket.restore"], [No, No, No, No, No]),
    job("A link to the ticket in the result", &["ticket.create", "ticket.get"], [No, No, No, No, Unknown]),
    // Notes and files.
    job("Add a note, private unless said", &["note.add"], [No, Yes, Partly, Raw, No]),
    job("… with an outcome that the ticket allows", &["note.add", "options"], [No, Yes, No, No, No]),
    job("List notes and mails", &["note.list"], [No, No, Yes, Raw, No]),
    job("Log time, in minutes", &["time.log"], [No, No, Yes, No, No]),
    job("Mail the user", &["email.send"], [No, No, Partly, Raw, No]),
    job(
        "Upload and download files",
        &["attachment.upload", "attachment.download"],
        [No, No, Partly, Raw, No],
    ),
    job(
        "… as bytes, not base64 text",
        &["attachment.upload", "attachment.download"],
        [No, No, No, Partly, No],
    ),
    // Other records.
    job(
        "Clients, sites, users",
        &["client.create", "site.create", "user.create", "user.list"],
        [Yes, Partly, Yes, Raw, Partly],
    ),
    job("Map organisations to clients", &["mapping.suggest"], [No, Yes, Yes, No, Partly]),
    job("Assets", &["asset.create", "asset.list"], [No, No, Yes, Raw, Unknown]),
    job(
        "Contracts, invoices, items",
        &["contract.list", "invoice.create", "item.list"],
        [No, No, Yes, Raw, Yes],
    ),
    job(
        "Quantities of recurring invoices",
        &["recurring_invoice.update_quantity"],
        [No, No, Partly, Raw, Yes],
    ),
    job(
        "Projects, opportunities, quotes, articles",
        &["project.create", "opportunity.create", "quotation.create", "kb_article.create"],
        [No, No, Yes, Raw, Unknown],
    ),
    job("Appointments", &["appointment.create"], [No, No, Yes, Raw, Unknown]),
    job(
        "Agents, teams, types, statuses",
        &["agent.list", "team.list", "options"],
        [Partly, Partly, Yes, Raw, Unknown],
    ),
    job("Run a report", &["report.run"], [No, No, Yes, Raw, Unknown]),
    job("Any path of the API", &["api.request"], [No, No, Yes, Yes, No]),
    // Events.
    job("Start at a new ticket", &["ticket.created"], [No, No, Yes, No, No]),
    job(
        "… an update, another status, a closing",
        &["ticket.updated", "ticket.status_changed", "ticket.closed"],
        [No, No, No, No, No],
    ),
    job(
        "… an assignment, a new note, a near target",
        &["ticket.assigned", "ticket.note_added", "ticket.sla_breached_soon"],
        [No, No, No, No, No],
    ),
    job(
        "… new or changed clients and users",
        &["client.created", "client.updated", "user.created", "user.updated"],
        [No, No, No, No, No],
    ),
    job("Poll with a saved cursor", &["poll"], [No, No, Yes, No, No]),
    job("Signed webhooks, set up and taken down", &["subscribe", "unsubscribe"], [No, No, No, No, No]),
    job("Know an event that came before", &["poll", "receive"], [No, No, Partly, No, No]),
    // Around all of them.
    job("Set up from one address", &["prepare"], [No, No, No, No, No]),
    job("A check that reaches HaloPSA and names the agent", &["check"], [No, No, Partly, No, Unknown]),
    job("… and says which permission is missing", &["check"], [No, No, No, No, Unknown]),
    job("Choose by name", &["options"], [Partly, Yes, Partly, No, Unknown]),
    job("… by a search, an id or an address", &["options"], [No, Partly, Partly, No, Unknown]),
    job("… among what fits the choice before", &["options"], [No, Yes, No, No, Unknown]),
    job("Retries that make no second record", &["execute"], [No, No, Unknown, No, Unknown]),
    job("Errors that say what to do", &["execute"], [No, No, Partly, Partly, Partly]),
    job("Show the requests, send none", &["execute"], [No, No, No, No, No]),
    job("Read only, or a list of what may run", &["execute"], [No, No, No, No, No]),
];

/// The jobs as a table in Markdown, and what its marks mean.
#[must_use]
pub fn table() -> String {
    let mut lines = format!("| job | by | {} |\n", PEERS.join(" | "));
    lines += &format!("|---|---|{}\n", ":-:|".repeat(PEERS.len()));
    for Job { job, operations, others } in JOBS {
        let operations: Vec<String> = operations.iter().map(|operation| format!("`{operation}`")).collect();
        let marks = others.map(Has::mark);
        lines += &format!("| {job} | {} | {} |\n", operations.join(", "), marks.join(" | "));
    }
    lines += "\n✔ yes · ◐ in part, or for itself only · ✘ no · raw: where you write the request yourself · ? nothing published.\n\
              A row that begins with … goes on with the one above it. A name without a dot is a function of the node interface.\n\
              The marks are from published source, documentation and issue threads, as of autumn 2026.\n";
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_stands_once_and_is_done_by_something() {
        for (at, job) in JOBS.iter().enumerate() {
            assert!(!job.operations.is_empty(), "{}", job.job);
            assert!(!job.job.contains('|'), "{}", job.job);
            assert!(JOBS.iter().skip(at + 1).all(|other| other.job != job.job), "{} stands twice", job.job);
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_product() {
        let table = table();
        let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), JOBS.len() + 2);
        for row in rows {
            assert_eq!(row.matches('|').count(), PEERS.len() + 3, "{row}");
        }
        assert!(table.contains(
            "| Alert to ticket, or to the open one | `ticket.find_or_append` | ✘ | ✔ | ✘ | ✘ | ✘ |\n"
        ));
    }
}
