//! `mirror`: the set-up of a desk, and nobody's name in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use halo_sim::{HaloSim, Seed, StateFile};
use host_test::mirror::{Mirror, Part};
use host_test::paint::Paint;
use host_test::verify;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::support::{Desk, Program, command, run};

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

async fn copy(desk: &Desk, out: &Path, sample: usize) -> Result<Vec<String>> {
    let mut quiet = |_: String| {};
    let part = Part::open(out, "test", sample)?;
    let mut mirror = Mirror::new(&desk.session, part, &mut quiet);
    mirror.read().await?;
    let copy = mirror.write(out)?;
    Part::remove(out)?;
    Ok(copy.missing)
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
        assert_eq!(copy(&desk, &first, 5).await?, Vec::<String>::new());
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
        let missing = json!({ "summary": "x", "tickettype_id": 4 });
        let error = desk.error("ticket.create", missing).await?;
        assert_eq!(error["code"], "halopsa.mandatory-field-missing", "{error}");
        let created = desk.result("ticket.create", json!({ "summary": "x", "tickettype_id": 1 })).await?;
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

/// The program, until its stderr has a line with this text; then it is killed. Gives
/// what it had said.
async fn run_until(program: &Program, arguments: &[&str], text: &str) -> Result<String> {
    let mut command = command(arguments);
    let mut child: Child = command.current_dir(program.folder()).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
    let mut said = String::new();
    let found = timeout(Duration::from_secs(60), async {
        while let Some(line) = lines.next_line().await? {
            said.push_str(&line);
            said.push('\n');
            if line.contains(text) {
                return Ok::<_, anyhow::Error>(true);
            }
        }
        Ok(false)
    });
    let found = found.await??;
    child.kill().await?;
    anyhow::ensure!(found, "no {text:?} in {said}");
    Ok(said)
}

/// Paths of the requests that a copy made, without those of the check.
fn lists(sim: &HaloSim) -> Vec<String> {
    let check = ["/api/authinfo", "/api/Agent/me", "/api/Tickets"];
    let requests = sim.requests().into_iter().filter(|request| !request.token_request);
    let paths = requests.map(|request| request.path).filter(|path| !check.contains(&path.as_str()));
    paths.collect()
}

#[test]
fn a_copy_that_is_killed_again_and_again_loses_nothing() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let part = program.folder().join("desk.json.part");
        let lines = || fs::read_to_string(&part).map_or(0, |text| text.lines().count());
        run_until(&program, &MIRROR, "names in /Agent").await?;
        let mut kept = lines();
        let mut done: Vec<String> = Vec::new();
        for end in ["/Team:", "/SLA:", "/Status:"] {
            program.sim.clear_requests();
            run_until(&program, &MIRROR, end).await?;
            assert!(lines() > kept, "{end}: {} lines after {kept}", lines());
            kept = lines();
            let asked = lists(&program.sim);
            assert!(asked.iter().all(|path| !done.contains(path)), "{end}: {asked:?} after {done:?}");
            // The last ones may have been under way.
            done.extend(asked.iter().take(asked.len().saturating_sub(2)).cloned());
            // A list in several pages is asked for again.
            done.retain(|path| !["/api/Client", "/api/Users", "/api/Agent"].contains(&path.as_str()));
        }
        let text = fs::read_to_string(&part)?;
        assert!(!text.contains("127.0.0.1"), "the address is kept");
        for value in personal(&program.sim) {
            assert!(!text.contains(&value), "{value}");
        }
        is_private(&part)?;
        let rest = program.run(&MIRROR).await?;
        assert_eq!(rest.code, Some(0), "{rest:?}");
        assert!(rest.stderr.contains("going on"), "{rest:?}");
        assert!(!part.exists());
        is_private(&program.folder().join("desk.json"))?;
        Ok(())
    })
}

/// That nobody but the user reads a file.
fn is_private(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(file)?.permissions().mode() & 0o777;
        anyhow::ensure!(mode == 0o600, "{} has mode {mode:o}", file.display());
    }
    Ok(())
}

#[test]
fn a_wait_is_announced_when_it_begins() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let arguments = |out: &'static str, rate: &'static str| {
            ["mirror", "--credentials", "credentials.json", "--out", out, "--rate", rate]
        };
        // Waits of some seconds are the host's own and not worth a line.
        let said = run_until(&program, &arguments("slow.json", "20/30"), "waiting").await?;
        assert!(said.contains("20 requests in 30 s") && said.contains("--rate"), "{said}");
        let said = run_until(&program, &arguments("fast.json", "10000/1"), "names in /Client").await?;
        assert!(!said.contains("waiting"), "{said}");
        for quirk in ["retry-after=20", "throttle-next=1"] {
            let fault = halo_sim::Fault::new(quirk.parse().map_err(anyhow::Error::msg)?);
            program.sim.add_fault(halo_sim::Fault { route: Some("/api/Users".to_owned()), ..fault });
        }
        let verify = ["verify", "--credentials", "credentials.json"];
        let said = run_until(&program, &verify, "waiting").await?;
        assert!(said.contains("HaloPSA has had too many requests"), "{said}");
        Ok(())
    })
}

#[test]
fn a_folder_or_the_credentials_are_no_output() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        fs::create_dir(program.folder().join("desks"))?;
        for (out, reason) in [
            ("desks", "desks is a folder"),
            ("desks/", "desks/desk.json"),
            ("nowhere/desk.json", "nowhere is no folder"),
            ("credentials.json", "credentials file"),
        ] {
            for more in [&[][..], &["--force"]] {
                let arguments = ["mirror", "--credentials", "credentials.json", "--out", out];
                let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
                let run = program.run(&arguments).await?;
                assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
                assert!(run.stderr.contains(reason), "{run:?}");
            }
        }
        assert!(program.sim.requests().is_empty());
        Ok(())
    })
}

#[test]
fn what_cannot_be_read_is_named_and_the_exit_code_says_so() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        for (route, quirk) in [("/api/Report", "forbid=reporting"), ("/api/Outcome", "wrong-shape")] {
            let fault = halo_sim::Fault::new(quirk.parse().map_err(anyhow::Error::msg)?);
            program.sim.add_fault(halo_sim::Fault { route: Some(route.to_owned()), ..fault });
        }
        let run = program.run(&MIRROR).await?;
        assert_eq!(run.code, Some(1), "{run:?}");
        for missing in
            ["incomplete: /Report: not read: status 403", "incomplete: /Outcome: not read: no bare list"]
        {
            assert!(run.stderr.contains(missing), "{missing}: {run:?}");
        }
        assert!(run.stdout.contains("records in desk.json"), "{run:?}");
        Ok(())
    })
}

#[test]
fn a_copy_behaves_as_its_original() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let out = folder.path().join("desk.json");
        let desk = Desk::open(&[]).await?;
        desk.sim.replant(Seed::Live);
        let original = configuration(&desk.sim);
        assert_eq!(copy(&desk, &out, 120).await?, Vec::<String>::new());

        let desk = Desk::open(&[]).await?;
        desk.sim.load_state(&out)?;
        assert_eq!(configuration(&desk.sim), original);
        assert_eq!(desk.sim.record("Agent", 1).context("no agent 1")?["name"], "Unassigned");
        let report = verify::read(&desk.session, |_, _| {}).await?;
        let [holds, differs, unclear] = report.counts();
        assert_eq!(differs, 0, "{}", report.text(Paint::plain()));
        assert!(holds > 3 * unclear, "{}", report.text(Paint::plain()));
        Ok(())
    })
}

/// Shapes of answers that the node reads, too.
const SHAPES: &[&str] = &[
    "text-ids",
    "wrap-list",
    "list-key=things",
    "null-keys",
    "no-count",
    "count-off=-5",
    "page-cap=3",
    "repeat-last-page",
    "ignore-paging",
];

#[test]
fn a_copy_is_the_same_in_whatever_shape_the_answers_come() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let mut wrong = Vec::new();
        for quirk in SHAPES {
            let out = folder.path().join("desk.json");
            let desk = Desk::open(&[]).await?;
            let original = configuration(&desk.sim);
            desk.switch_on(quirk)?;
            let missing = copy(&desk, &out, 5).await?;
            desk.sim.load_state(&out)?;
            let copied = configuration(&desk.sim);
            for (path, rows) in &original {
                if copied.get(path) != Some(rows) {
                    wrong.push(format!("{quirk}: {path}: {:?} instead of {rows:?}", copied.get(path)));
                }
            }
            if desk.sim.ticket_count() != 5 || !missing.is_empty() {
                wrong.push(format!("{quirk}: {} tickets, {missing:?}", desk.sim.ticket_count()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
}

#[test]
fn records_without_an_id_are_named() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let desk = Desk::open(&["no-ids"]).await?;
        let missing = copy(&desk, &folder.path().join("desk.json"), 0).await?;
        assert!(
            missing.iter().any(|what| what.starts_with("/Status: ") && what.contains("id")),
            "{missing:?}"
        );
        Ok(())
    })
}

/// What must not be in a copy of [`odd_desk`]: each of its texts about somebody has one.
const SECRETS: &[&str] = &["zebra", "kunde", "muster", "geheim", ".example", "5550199", "0174"];

/// A desk with people, firms, addresses and free texts where nobody looks for them.
fn odd_desk() -> Vec<(&'static str, Value)> {
    let geheim = "geheim: call me\nKey under the mat";
    vec![
        ("TopLevel", json!({ "id": 1, "name": "Desk", "long_name": "Zebra Handel GmbH" })),
        (
            "Team",
            json!({ "id": 1, "name": "Service", "emailaddress": "it@desk.example", "phone_number": "030 5550199",
            "mailbox_override": { "id": 3, "name": "geheim" }, "agents": [{ "id": 5, "name": "Geheim" }] }),
        ),
        ("Team", json!({ "id": 2, "name": "VIP Zebra Handel GmbH" })),
        ("Agent", json!({ "id": 1, "name": "Unassigned" })),
        (
            "Agent",
            json!({ "id": 5, "name": "Anna Muster", "email": "anna@desk.example", "jobtitle": "geheim",
            "firstname": "Annabell", "surname": "Muster", "signature": geheim, "sms": "+49 174 5550199" }),
        ),
        ("Client", json!({ "id": 12, "name": "Zebra Handel GmbH", "inactive": true })),
        ("Site", json!({ "id": 18, "name": "Kundenhaus", "client_id": 12, "phonenumber": "030 5550199" })),
        (
            "Users",
            json!({ "id": 31, "name": "Bob Kunde", "site_id": 18, "emailaddress": "bob@c.example", "inactive": true }),
        ),
        (
            "Organisation",
            json!({ "id": 1, "name": "Geheim Systeme", "email": "x@desk.example", "portal_title": "geheim" }),
        ),
        (
            "Holiday",
            json!({ "id": "0190aaaa-0000-4000-8000-000000000001", "name": "Geheim in Rom", "agent_id": 5 }),
        ),
        ("Status", json!({ "id": 1, "name": "New", "shortname": "Annabell" })),
        ("Status", json!({ "id": 22, "name": "Ask Annabell", "note": "geheim" })),
        (
            "Category",
            json!({ "id": 4, "value": "Zebra Handel GmbH>VPN", "category_name": "Zebra Handel GmbH>VPN", "type_id": 1 }),
        ),
        (
            "FieldInfo",
            json!({ "id": 201, "name": "CFRoom", "label": "Room", "hint": "geheim: ask at the desk", "calculation": "'geheim'" }),
        ),
        (
            "Lookup",
            json!({ "id": 1, "lookupid": 17, "name": "Bob Kunde", "value2": "030 5550199", "custom1": "geheim" }),
        ),
        (
            "TicketType",
            json!({ "id": 1, "name": "Incident", "default_summary": "geheim", "reply_text": geheim,
            "allowed_clients": [{ "id": 12, "name": "Geheim" }], "default_user": { "id": 31, "name": "Geheim" },
            "email_start_tag_override": "it@desk.example", "notes": geheim }),
        ),
        (
            "Outcome",
            json!({ "id": 2, "outcome": "Mail Bob Kunde", "buttonname": "mail", "emailtemplate_text": geheim,
            "ccoverride": "bob@c.example", "customurl": "https://c.example/geheim" }),
        ),
        (
            "Workflow",
            json!({ "id": 3, "name": "Approve by Anna Muster", "steps": [{ "id": 1, "name": "Muster signs" }] }),
        ),
        ("ApprovalProcess", json!({ "id": 2, "name": "Annabell approves" })),
        ("Tags", json!({ "id": 2, "text": "bob-kunde" })),
        (
            "EmailTemplate",
            json!({ "id": -103, "name": "Geheim", "description": "geheim", "subject": "geheim", "body": geheim,
            "header_text": geheim, "signature": geheim }),
        ),
        ("CannedText", json!({ "id": 4, "name": "Geheim", "text": geheim, "html": geheim })),
        (
            "Service",
            json!({ "id": 4, "name": "VPN", "requestdetail_url": "https://c.example/geheim", "user_description": geheim }),
        ),
        (
            "Item",
            json!({ "id": 7, "name": "Laptop of Bob Kunde", "description": geheim, "notes": geheim, "accountsid": "geheim",
            "customfields": [{ "id": 201, "name": "CFRoom", "value": "geheim", "display": "geheim" },
                             { "id": 202, "name": "CFPhone", "value": 5550199 }] }),
        ),
        (
            "Supplier",
            json!({ "id": 3, "name": "Geheim Ltd", "contact_name": "Geheim", "mobile": "0174", "notes": geheim }),
        ),
        (
            "Report",
            json!({ "id": 5, "name": "Geheim", "description": "geheim", "sql": "select 'geheim'", "mainentity": "Bob Kunde" }),
        ),
        (
            "ClientContract",
            json!({ "id": 9, "ref": "Geheim/0174", "refextra": "geheim", "note": geheim, "client_id": 12,
            "client_name": "Zebra Handel GmbH", "createdby_name": "Geheim", "contract_status": "Bob Kunde" }),
        ),
        (
            "RecurringInvoice",
            json!({ "id": -94, "client_id": 12, "invoicenumber": "Geheim", "address1": "Geheim 5", "notes_1": geheim,
            "approvalemailaddress": "bob@c.example", "lines": [{ "id": 1, "item_shortdescription": "geheim",
            "item_longdescription": geheim, "quantity": 4, "linked_users": [{ "id": 31, "name": "Geheim" }] }] }),
        ),
        (
            "Tickets",
            json!({ "id": 71, "summary": "geheim", "details": geheim, "client_id": 12, "site_id": 18, "user_id": 31,
            "status_id": 1, "tickettype_id": 1, "agent_id": 5, "team": "VIP Zebra Handel GmbH", "reportedby": "bob@c.example",
            "emailtolist": "bob@c.example", "idsummary": "71 geheim", "category_1": "Zebra Handel GmbH>VPN",
            "customfields": [{ "id": 201, "name": "CFRoom", "value": "geheim" }], "user_name": "Bob Kunde" }),
        ),
        (
            "Actions",
            json!({ "id": 1, "ticket_id": 71, "note": geheim, "note_html": geheim, "who": "Anna Muster",
            "outcome": "Mail Bob Kunde", "emailto": "bob@c.example", "subject": "geheim", "on_behalf_of_name": "Geheim" }),
        ),
    ]
}

#[test]
fn people_and_texts_in_odd_places_are_not_copied() -> Result<()> {
    run(async {
        let folder = TempDir::new()?;
        let (state, out) = (folder.path().join("odd.json"), folder.path().join("desk.json"));
        let mut file = StateFile::new();
        for (path, record) in odd_desk() {
            let record = record.as_object().context("no record")?;
            file.put(path, record, Some(record)).map_err(anyhow::Error::msg)?;
        }
        file.save(&state)?;
        let desk = Desk::open(&[]).await?;
        desk.sim.load_state(&state)?;

        let mut quiet = |_: String| {};
        let part = Part::open(&out, "test", 5)?;
        let mut mirror = Mirror::new(&desk.session, part, &mut quiet);
        mirror.read().await?;
        assert_eq!(mirror.write(&out)?.missing, Vec::<String>::new());
        for file in [&out, &Part::beside(&out)] {
            let text = fs::read_to_string(file)?.to_lowercase();
            for secret in SECRETS {
                let around = text.find(secret).map(|at| {
                    let from = (0..=at.saturating_sub(80)).rev().find(|from| text.is_char_boundary(*from));
                    text.get(from.unwrap_or(0)..at + secret.len()).unwrap_or_default().to_owned()
                });
                assert_eq!(around, None, "{secret} in {}", file.display());
            }
        }
        let kept = fs::read_to_string(&out)?;
        for name in ["Incident", "CFRoom", "Ticket 71", "Unassigned", "Name 7", "Service"] {
            assert!(kept.contains(name), "{name} is gone");
        }
        Ok(())
    })
}
