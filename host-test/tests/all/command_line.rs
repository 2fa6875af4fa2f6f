//! The program as a person runs it.

use anyhow::Result;
use host_test::artifacts;
use host_test::sizes::{self, Measured};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::support::{Program, Run, command, run};

/// Runs a scenario with the program and a simulator.
fn with_program(quirks: &[&str], scenario: impl AsyncFnOnce(&Program) -> Result<()>) -> Result<()> {
    run(async { scenario(&Program::new(quirks).await?).await })
}

/// The call could not be made: exit code 2 and a reason, nothing on stdout.
#[track_caller]
fn assert_unusable(run: &Run, reason: &str) {
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains(reason), "{reason:?} is not in {run:?}");
    assert_eq!(run.stdout, "", "{run:?}");
}

#[test]
fn the_demo_tells_its_story() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.run(&["demo"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        for promised in ["Create a ticket", "List every ticket", "advice", "Next:"] {
            assert!(run.stdout.contains(promised), "{promised:?} is not in {}", run.stdout);
        }
        assert!(!run.stdout.contains('\u{1b}'), "colours without a terminal: {}", run.stdout);
        Ok(())
    })
}

/// A component for another service cannot tell this story.
#[test]
fn a_demo_that_goes_wrong_is_exit_code_1() -> Result<()> {
    with_program(&[], async |program| {
        let other = artifacts::minimal_node()?.display().to_string();
        let run = program.run(&["--component", &other, "demo"]).await?;
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("error:") && run.stderr.contains("step 3"), "{run:?}");
        Ok(())
    })
}

#[test]
fn every_ticket_is_listed_with_the_number_of_requests() -> Result<()> {
    with_program(&["page-cap=50", "count-off=17"], async |program| {
        let run = program.operation("ticket.list", &["--param", "return_all=true", "--all"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let result = run.json()?;
        assert_eq!(result["operation"], "ticket.list");
        assert_eq!(result["outcomes"][0]["items"].as_array().map(Vec::len), Some(program.sim.ticket_count()));
        assert!(result["usage"]["requests"].as_u64().is_some_and(|requests| requests >= 15), "{result}");
        assert_eq!(result.get("next"), None);
        Ok(())
    })
}

#[test]
fn without_all_the_cursor_is_shown_and_not_followed() -> Result<()> {
    with_program(&["page-cap=20"], async |program| {
        let run = program.operation("ticket.list", &["--param", "return_all=true"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.json()?["next"].is_string(), "{run:?}");
        assert!(run.stderr.contains("--all"), "{run:?}");
        Ok(())
    })
}

#[test]
fn one_bad_item_of_three_is_exit_code_1() -> Result<()> {
    with_program(&[], async |program| {
        let items = json!([{ "summary": "a" }, { "summary": "b", "tickettype_id": 4 }, { "summary": "c" }]);
        program.file("items.json", &items.to_string())?;
        let before = program.sim.ticket_count();
        let run = program.operation("ticket.create", &["--items", "items.json"]).await?;
        assert_eq!(run.code, Some(1), "{run:?}");
        let result = run.json()?;
        assert_eq!(program.sim.ticket_count(), before + 2);
        assert_eq!(result["outcomes"][0]["item"], 0);
        assert!(result["outcomes"][0]["items"][0]["id"].is_u64(), "{result}");
        assert_eq!(result["outcomes"][1]["error"]["code"], "halopsa.mandatory-field-missing");
        assert_eq!(result["outcomes"][1]["error"]["retry"], "never");
        for key in ["requests", "retries", "waited_ms"] {
            assert!(result["usage"][key].is_u64(), "no {key}: {result}");
        }
        assert!(result["diagnostics"].is_array(), "{result}");
        Ok(())
    })
}

#[test]
fn items_come_from_stdin_and_parameters_go_into_each() -> Result<()> {
    with_program(&[], async |program| {
        let arguments = [
            "run",
            "ticket.create",
            "--credentials",
            "credentials.json",
            "--items",
            "-",
            "--param",
            "details=From a pipe",
            "--param",
            "tickettype_id=1",
        ];
        let run = program.run_with(&arguments, None, r#"[{"summary":"a"},{"summary":"b"}]"#).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let result = run.json()?;
        for index in 0..2 {
            let id = result["outcomes"][index]["items"][0]["id"].as_i64().unwrap_or_default();
            let ticket = program.sim.record("Tickets", id).unwrap_or_default();
            assert_eq!(ticket["details"], "From a pipe", "{ticket}");
        }
        Ok(())
    })
}

#[test]
fn the_secret_may_come_from_the_environment() -> Result<()> {
    with_program(&[], async |program| {
        let fields = json!({ "url": program.sim.url(), "client_id": program.sim.client_id() });
        program.file("public.json", &fields.to_string())?;
        let arguments = ["run", "ticket.get", "--credentials", "public.json", "--param", "id=1"];
        let run = program.run(&arguments).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("client_secret"), "{run:?}");
        let secret = program.sim.client_secret().to_owned();
        let run = program.run_with(&arguments, Some(&secret), "").await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        Ok(())
    })
}

#[test]
fn a_check_is_a_table_or_json() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.run(&["check", "--credentials", "credentials.json"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains('✓') && !run.stdout.contains('✗'), "{run:?}");
        let run = program.run(&["check", "--credentials", "credentials.json", "--json"]).await?;
        assert!(run.json()?["steps"].as_array().is_some_and(|steps| steps.len() >= 3), "{run:?}");
        Ok(())
    })
}

/// One call gets to eighty of them at most.
#[test]
fn a_run_that_writes_goes_on_to_its_last_item() -> Result<()> {
    with_program(&[], async |program| {
        let items: Vec<_> = (0..200).map(|n| json!({ "summary": format!("Alert {n}") })).collect();
        program.file("items.json", &json!(items).to_string())?;
        let run = program.operation("ticket.create", &["--items", "items.json"]).await?;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.json()?["outcomes"].as_array().map(Vec::len), Some(200));
        assert!(!run.stderr.contains("failed") && !run.stderr.contains("not attempted"), "{}", run.stderr);
        assert_eq!(program.sim.ticket_count(), 717 + 200);
        Ok(())
    })
}

#[test]
fn items_that_were_not_attempted_did_not_fail() -> Result<()> {
    with_program(&[], async |program| {
        let items: Vec<_> = (1..=100).map(|id| json!({ "id": id })).collect();
        program.file("items.json", &json!(items).to_string())?;
        let run = program.operation("ticket.get", &["--items", "items.json"]).await?;
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        assert!(run.stderr.contains("20 of 100 items were not attempted"), "{}", run.stderr);
        assert!(run.stderr.contains("--all") && !run.stderr.contains("failed"), "{}", run.stderr);
        let run = program.operation("ticket.get", &["--items", "items.json", "--all"]).await?;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        Ok(())
    })
}

#[test]
fn a_failed_check_is_exit_code_1() -> Result<()> {
    with_program(&[], async |program| {
        let fields = json!({ "url": program.sim.url(), "client_id": program.sim.client_id(), "client_secret": "wrong-secret" });
        program.file("wrong.json", &fields.to_string())?;
        let run = program.run(&["check", "--credentials", "wrong.json"]).await?;
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stdout.contains('✗') && run.stdout.contains('→'), "{run:?}");
        Ok(())
    })
}

#[test]
fn whoever_logs_in_the_command_is_the_same() -> Result<()> {
    with_program(&[], async |program| {
        for login in ["component", "placeholder", "recipe"] {
            let run = program.operation("ticket.get", &["--param", "id=1", "--login", login]).await?;
            assert_eq!(run.code, Some(0), "{login}: {run:?}");
        }
        Ok(())
    })
}

#[test]
fn a_rate_is_kept_and_its_wait_is_told() -> Result<()> {
    with_program(&[], async |program| {
        // The address and the login take two of three places, and one is kept for people.
        let run = program.operation("ticket.get", &["--param", "id=1", "--rate", "3/2"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let waited = run.json()?["usage"]["waited_ms"].as_u64();
        assert!(waited.is_some_and(|waited| waited > 1000), "{run:?}");
        Ok(())
    })
}

#[test]
fn a_cache_keeps_the_compiled_component() -> Result<()> {
    with_program(&[], async |program| {
        let cwasm = || -> Result<Vec<_>> {
            let folder = program.file("x", "")?.with_file_name("compiled");
            let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
            let names: Result<Vec<_>> = names.collect();
            Ok(names?
                .into_iter()
                .filter(|path| path.extension().is_some_and(|kind| kind == "cwasm"))
                .collect())
        };
        for _ in 0..2 {
            let run = program.run(&["credential-schema", "--cache", "compiled"]).await?;
            assert_eq!(run.code, Some(0), "{run:?}");
            assert_eq!(cwasm()?.len(), 1);
        }
        Ok(())
    })
}

#[test]
fn a_dry_run_and_a_read_only_run_change_nothing() -> Result<()> {
    with_program(&[], async |program| {
        let before = program.sim.ticket_count();
        let run = program.operation("ticket.create", &["--param", "summary=x", "--dry-run"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let run = program.operation("ticket.create", &["--param", "summary=x", "--read-only"]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert_eq!(run.json()?["error"]["kind"], "denied", "{run:?}");
        assert_eq!(program.sim.ticket_count(), before);
        Ok(())
    })
}

#[test]
fn a_call_that_cannot_begin_is_exit_code_2_with_its_reason() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.operation("ticket.creat", &["--param", "summary=x"]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("ticket.create"), "{run:?}");
        assert_eq!(run.json()?["error"]["effect"], "none");
        Ok(())
    })
}

#[test]
fn unusable_files_are_told_by_name() -> Result<()> {
    with_program(&[], async |program| {
        program.file("list.json", "[]")?;
        program.file("broken.json", "{\"client_secret\": \"half")?;
        program.file("nested.json", "{\"client_secret\": {\"value\": 1}}")?;
        for (file, reason) in [
            ("missing.json", "cannot be read"),
            ("list.json", "one JSON object"),
            ("broken.json", "not JSON"),
            ("nested.json", "client_secret"),
        ] {
            let run = program.run(&["check", "--credentials", file]).await?;
            assert_unusable(&run, file);
            assert_unusable(&run, reason);
        }
        program.file("number.json", "[{}, 7]")?;
        for (file, reason) in
            [("missing.json", "cannot be read"), ("broken.json", "not JSON"), ("number.json", "item 1")]
        {
            let run = program.operation("ticket.create", &["--items", file]).await?;
            assert_unusable(&run, file);
            assert_unusable(&run, reason);
        }
        let run = program.operation("ticket.create", &["--param", "summary"]).await?;
        assert_unusable(&run, "KEY=VALUE");
        Ok(())
    })
}

#[test]
fn wrong_usage_is_exit_code_2() -> Result<()> {
    with_program(&[], async |program| {
        for arguments in [
            &["run", "ticket.list"][..],
            &["run", "ticket.list", "--credentials", "credentials.json", "--timeout", "soon"],
            &["juggle"],
            &["--component", "missing.wasm", "describe"],
            &["--component", "credentials.json", "describe"],
        ] {
            let run = program.run(arguments).await?;
            assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
            assert!(!run.stderr.is_empty(), "{arguments:?}");
        }
        Ok(())
    })
}

#[test]
fn a_silent_service_ends_the_command_with_a_time_out() -> Result<()> {
    with_program(&["silent-api"], async |program| {
        let run = program.operation("ticket.list", &["--timeout", "3"]).await?;
        assert_ne!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("\"timeout\""), "{run:?}");
        Ok(())
    })
}

#[test]
fn the_component_describes_itself() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.run(&["describe", "--json"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.json()?["operations"].as_array().is_some_and(|all| all.len() >= 20), "{}", run.stdout);
        let run = program.run(&["describe"]).await?;
        for promised in
            ["the address in url", "as it is typed", "https://*.halopsa.com", "where it is accepted"]
        {
            assert!(run.stdout.contains(promised), "{promised:?} is not in {}", run.stdout);
        }
        let run = program.run(&["describe", "ticket.create"]).await?;
        for promised in ["summary", "Required", "edit:tickets", "host-test run ticket.create"] {
            assert!(run.stdout.contains(promised), "{promised:?} is not in {}", run.stdout);
        }
        let run = program.run(&["describe", "ticket.creat"]).await?;
        assert_unusable(&run, "ticket.create");
        let run = program.run(&["credential-schema"]).await?;
        let form = run.json()?;
        let secret = form["fields"].as_array().and_then(|fields| {
            fields.iter().find(|field| field["name"] == "client_secret").map(|field| field["kind"].clone())
        });
        assert_eq!(secret, Some(Value::from("secret")), "{form}");
        Ok(())
    })
}

#[test]
fn the_report_shows_imports_and_sizes() -> Result<()> {
    with_program(&[], async |program| {
        let parts = sizes::measure(&artifacts::halopsa_node()?)?;
        let keeps_budget = parts.iter().all(Measured::is_within_budget);
        let run = program.run(&["report"]).await?;
        assert_eq!(run.code, Some(if keeps_budget { 0 } else { 1 }), "{run:?}");
        for promised in ["wasi:http/outgoing-handler", "manifest section", "within"] {
            assert!(run.stdout.contains(promised), "{promised:?} is not in {}", run.stdout);
        }
        Ok(())
    })
}

#[test]
fn a_dropdown_is_printed_and_one_that_is_not_there_says_so() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.run(&["options", "clients", "--credentials", "credentials.json"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("Contoso"), "{run:?}");
        let run = program.run(&["options", "client", "--credentials", "credentials.json"]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("clients"), "{run:?}");
        Ok(())
    })
}

#[test]
fn requests_are_shown_to_those_who_ask() -> Result<()> {
    with_program(&[], async |program| {
        let run = program.operation("ticket.get", &["--param", "id=1", "--verbose"]).await?;
        assert!(run.stderr.contains("GET") && run.stderr.contains("/Tickets/1"), "{run:?}");
        let run = program.operation("ticket.get", &["--param", "id=1"]).await?;
        assert_eq!(run.stderr, "", "{run:?}");
        Ok(())
    })
}

#[test]
fn the_simulator_prints_where_it_is() -> Result<()> {
    run(async {
        let mut sim = command(&["sim", "--port", "0", "--quirk", "page-cap=50"]).spawn()?;
        let line = start_line(&mut sim).await?;
        sim.kill().await?;
        for key in ["url", "tenant", "client_id", "client_secret"] {
            assert!(line[key].is_string(), "no {key}: {line}");
        }
        assert!(line["port"].is_u64(), "{line}");
        Ok(())
    })
}

#[test]
fn what_the_simulator_prints_is_a_credentials_file() -> Result<()> {
    with_program(&[], async |program| {
        program.file("live.json", &program.sim.start_line())?;
        let run = program.run(&["check", "--credentials", "live.json"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains("ignored: port"), "{run:?}");
        Ok(())
    })
}

#[test]
fn the_help_of_verify_and_mirror_names_what_is_asked_at_what_rate_and_the_exit_codes() -> Result<()> {
    with_program(&[], async |program| {
        for (command, texts) in [
            ("verify", &["GET requests", "as fast as", "--write sends", "Exit code: 0"][..]),
            (
                "mirror",
                &["TicketType", "150 requests in 300 seconds", "FILE.part", "Exit code: 0", "500 at most"],
            ),
        ] {
            let run = program.run(&[command, "--help"]).await?;
            let help = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(texts.iter().all(|text| help.contains(text)), "{help}");
        }
        Ok(())
    })
}

/// What it keeps between two runs stands in a file, and its log on stderr.
#[test]
fn the_simulator_keeps_its_state_and_tells_what_it_answers() -> Result<()> {
    with_program(&[], async |program| {
        let state = program.file("state.json", "")?.display().to_string();
        program.sim.save_state(state.as_ref())?;
        let mut sim = command(&["sim", "--seed", "small", "--state", &state, "--log"]).spawn()?;
        let line = start_line(&mut sim).await?;
        let mut stream =
            TcpStream::connect(("127.0.0.1", u16::try_from(line["port"].as_u64().unwrap_or(0))?)).await?;
        stream
            .write_all(
                b"GET /api/Status?typo=1 HTTP/1.1\r\nHost: sim\r\n\r\nGET /_sim/state/Tickets HTTP/1.1\r\n",
            )
            .await?;
        stream.write_all(b"Host: sim\r\nConnection: close\r\n\r\n").await?;
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await?;
        assert!(answers.contains("\"id\":717,"), "the state is not the one in the file");
        sim.start_kill()?;
        let output = sim.wait_with_output().await?;
        let log = String::from_utf8(output.stderr)?;
        assert!(log.contains("/api/Status") && log.contains("typo"), "{log}");

        let other = program.file("other.json", "no state")?.display().to_string();
        let run = program.run(&["sim", "--state", &other]).await?;
        assert_unusable(&run, "no saved state");
        Ok(())
    })
}

/// The line that the simulator prints when it is ready.
async fn start_line(sim: &mut Child) -> Result<Value> {
    let stdout = sim.stdout.take().ok_or_else(|| anyhow::anyhow!("no stdout"))?;
    let line = BufReader::new(stdout).lines().next_line().await?.unwrap_or_default();
    Ok(serde_json::from_str(&line)?)
}

/// What is compiled beforehand is there for whoever loads it, and a process that needs
/// too much ends alone.
#[test]
fn a_component_is_compiled_beforehand_in_a_process_with_limits() -> Result<()> {
    with_program(&[], async |program| {
        let folder = tempfile::tempdir()?;
        let (file, cache) =
            (artifacts::minimal_node()?.display().to_string(), folder.path().display().to_string());
        let precompile = ["--component", &file, "--cache", &cache, "precompile"];
        let small = program.run(&[&precompile[..], &["--memory-mib", "64"]].concat()).await?;
        assert_ne!(small.code, Some(0), "{small:?}");
        let compiled = |folder: &std::path::Path| -> Result<usize> {
            let mut count = 0;
            for entry in std::fs::read_dir(folder)? {
                count += usize::from(entry?.path().extension().is_some_and(|extension| extension == "cwasm"));
            }
            Ok(count)
        };
        assert_eq!(compiled(folder.path())?, 0);
        let done = program.run(&precompile).await?;
        assert_eq!(done.code, Some(0), "{done:?}");
        let digest = workflow_node_host::Digest::of(&std::fs::read(&file)?).to_string();
        assert!(done.stdout.contains(&digest) && done.stdout.contains("functions"), "{done:?}");
        assert_eq!(compiled(folder.path())?, 1);
        Ok(())
    })
}
