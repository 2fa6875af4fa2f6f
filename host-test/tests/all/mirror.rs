//! `mirror`: the set-up of a desk, and nobody's name in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use halo_sim::HaloSim;
use host_test::mirror::{Mirror, Part};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Desk, Program, run};

/// What a copy must have in common with its original.
const CONFIGURATION: &[&str] = &[
    "TicketType",
    "Status",
    "Outcome",
    "Workflow",
    "SLA",
    "Priority",
    "Category",
    "FieldInfo",
    "Lookup",
    "Team",
    "TopLevel",
    "TicketArea",
    "Tags",
    "Workday",
    "Currency",
    "BudgetType",
    "AssetType",
    "AssetGroup",
    "Item",
];

async fn copy(desk: &Desk, out: &Path, sample: usize) -> Result<()> {
    let mut quiet = |_: String| {};
    let part = Part::open(out, "test", sample)?;
    let mut mirror = Mirror::new(&desk.session, part, &mut quiet).await?;
    mirror.read().await?;
    mirror.write(out)?;
    Part::remove(out)
}

/// Ids and names of the configuration, and which fields a ticket type makes mandatory.
fn configuration(sim: &HaloSim) -> BTreeMap<String, Vec<String>> {
    let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
    let mut all = BTreeMap::new();
    for path in CONFIGURATION {
        let mut rows: Vec<String> = sim
            .records(path)
            .iter()
            .map(|record| {
                let name = ["name", "outcome", "value", "text"].iter().find_map(|key| record.get(*key));
                let fields =
                    record.get("fields").and_then(Value::as_array).into_iter().flatten().map(|field| {
                        format!("{:?}:{:?}", field.get("fieldid"), field.pointer("/fieldinfo/mandatory"))
                    });
                let fields: Vec<String> = fields.collect();
                format!("{} {} {}", text(record.get("id")), text(name), fields.join(","))
            })
            .collect();
        rows.sort_unstable();
        all.insert((*path).to_owned(), rows);
    }
    all
}

#[test]
fn a_copy_has_the_configuration_of_its_original_and_so_has_a_copy_of_the_copy() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let (first, second) = (folder.path().join("first.json"), folder.path().join("second.json"));
        let desk = Desk::open(&[]).await?;
        copy(&desk, &first, 5).await?;
        let original = configuration(&desk.sim);

        let desk = Desk::open(&[]).await?;
        desk.sim.load_state(&first)?;
        assert_eq!(configuration(&desk.sim), original);
        assert_eq!(desk.sim.ticket_count(), 5);
        copy(&desk, &second, 5).await?;
        let parse = |path: &Path| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
        let (first, second) = (parse(&first)?, parse(&second)?);
        for (table, rows) in first.as_object().context("no tables")? {
            assert_eq!(Some(rows), second.get(table), "{table}");
        }
        // It is a desk to work on: a type with mandatory fields wants them.
        let missing = serde_json::json!({ "summary": "x", "tickettype_id": 4 });
        let error = desk.error("ticket.create", missing).await?;
        assert_eq!(error["code"], "halopsa.mandatory-field-missing", "{error}");
        let created =
            desk.result("ticket.create", serde_json::json!({ "summary": "x", "tickettype_id": 1 })).await?;
        assert_eq!(created["status_name"], "New", "{created}");
        Ok(())
    })
}

/// Names, addresses, numbers and texts of people and firms.
fn personal(sim: &HaloSim) -> Vec<String> {
    let mut values = Vec::new();
    for (path, keys) in [
        ("Client", &["name", "website", "ref"][..]),
        ("Site", &["phonenumber", "clientsite_name"]),
        ("Users", &["name", "emailaddress", "phonenumber", "login", "azureoid"]),
        ("Agent", &["name", "email"]),
        ("Tickets", &["summary", "details", "user_name", "user_email", "reportedby"]),
        ("Supplier", &["name", "email_address"]),
        ("ClientContract", &["ref"]),
        ("RecurringInvoice", &["invoicenumber"]),
        ("CannedText", &["text"]),
    ] {
        for record in sim.records(path) {
            values.extend(keys.iter().filter_map(|key| record.get(*key)?.as_str()).map(str::to_owned));
        }
    }
    for ticket in sim.records("Tickets").iter().rev().take(10) {
        let id = ticket["id"].as_i64().unwrap_or(0);
        let notes = sim.actions(id);
        values.extend(notes.iter().filter_map(|action| action["note"].as_str()).map(str::to_owned));
    }
    values.retain(|value| {
        let value = value.trim();
        // What HaloPSA itself calls nobody.
        value.len() > 4 && !["Unassigned", "Unknown", "General User"].contains(&value)
    });
    values
}

#[test]
fn a_copy_names_nobody() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let out = folder.path().join("desk.json");
        let desk = Desk::open(&[]).await?;
        copy(&desk, &out, 10).await?;
        let text = fs::read_to_string(&out)?;
        for value in personal(&desk.sim) {
            let quoted = Value::from(value.as_str()).to_string();
            assert!(!text.contains(quoted.trim_matches('"')), "{value}");
        }
        assert!(!text.contains(".example"), "an address is left");
        assert!(text.contains("Ticket 717") && text.contains("example.invalid"), "the sample is there");
        assert!(desk.sim.requests().iter().all(|request| request.token_request || request.method == "GET"));
        Ok(())
    })
}

const MIRROR: [&str; 7] =
    ["mirror", "--credentials", "credentials.json", "--out", "desk.json", "--rate", "10000/1"];

#[test]
fn a_copy_that_was_cut_off_goes_on_where_it_stopped() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let whole = program.run(&MIRROR).await?;
        assert_eq!(whole.code, Some(0), "{whole:?}");
        let asked = |sim: &HaloSim| sim.requests().iter().filter(|request| !request.token_request).count();
        let all = asked(&program.sim);

        let program = Program::new(&[]).await?;
        let outage = halo_sim::Fault {
            route: Some("/api/AssetType".to_owned()),
            ..halo_sim::Fault::new("unavailable-next=50".parse().map_err(anyhow::Error::msg)?)
        };
        program.sim.add_fault(outage);
        let cut = program.run(&MIRROR).await?;
        assert_eq!(cut.code, Some(2), "{cut:?}");
        assert!(cut.stderr.contains("same command"), "{cut:?}");
        program.sim.clear_quirks();
        program.sim.clear_requests();
        let rest = program.run(&MIRROR).await?;
        assert_eq!(rest.code, Some(0), "{rest:?}");
        assert!(asked(&program.sim) < all / 2, "{} of {all} requests", asked(&program.sim));

        let again = program.run(&MIRROR).await?;
        assert_eq!(again.code, Some(2), "{again:?}");
        assert!(again.stderr.contains("--force"), "{again:?}");
        let forced: Vec<&str> = MIRROR.iter().copied().chain(["--force"]).collect();
        let forced = program.run(&forced).await?;
        assert_eq!(forced.code, Some(0), "{forced:?}");
        Ok(())
    })
}
