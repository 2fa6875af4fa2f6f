//! What the program shows of a node at work: its log, why it was stopped, whole lists;
//! and where it finds the secrets of any node.

use anyhow::{Context as _, Result, ensure};
use host_test::artifacts;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Program, Run, command, run};

const SECRET: &str = "correct-horse-battery";

/// Runs an operation of the node that misbehaves on demand, with its secret in the
/// environment.
async fn unruly(operation: &str, arguments: &[&str]) -> Result<Run> {
    let folder = TempDir::new()?;
    let credentials = folder.path().join("credentials.json");
    std::fs::write(&credentials, json!({"url": "http://127.0.0.1:9", "login": "key"}).to_string())?;
    let mut command = command(&["run", operation, "--credentials"]);
    command.arg(credentials).arg("--component").arg(artifacts::unruly_node()?).args(arguments);
    let output = command.env("NODE_SECRET", SECRET).output().await?;
    let text = |bytes| String::from_utf8(bytes).context("not UTF-8");
    let run = Run { code: output.status.code(), stdout: text(output.stdout)?, stderr: text(output.stderr)? };
    ensure!(!format!("{run:?}").contains(SECRET), "{run:?}");
    Ok(run)
}

#[test]
fn the_log_of_a_node_is_shown_with_debug_only() -> Result<()> {
    run(async {
        let quiet = unruly("log", &[]).await?;
        assert_eq!(quiet.code, Some(0), "{quiet:?}");
        assert_eq!(quiet.stderr, "");
        let run = unruly("log", &["--debug"]).await?;
        assert_eq!((run.code, &run.stdout), (Some(0), &quiet.stdout));
        // The secret of the environment arrived, and the host took it out of the line.
        assert!(run.stderr.contains("node warn: the secret is ***"), "{run:?}");
        assert!(run.stderr.contains("node debug: line 7\n"), "{run:?}");
        assert!(run.stderr.contains("the rest is dropped"), "{run:?}");
        Ok(())
    })
}

#[test]
fn a_trap_has_its_reason_with_debug_and_a_hint_without() -> Result<()> {
    run(async {
        let run = unruly("trap", &[]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("--debug shows"), "{run:?}");
        let run = unruly("trap", &["--debug"]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("function: execute; reason: wasm trap"), "{run:?}");
        assert!(!run.stderr.contains("--debug shows"), "{run:?}");
        Ok(())
    })
}

fn labels(run: &Run) -> Result<Vec<Value>> {
    assert_eq!(run.code, Some(0), "{run:?}");
    let list = run.json()?;
    Ok(list
        .get("entries")
        .and_then(Value::as_array)
        .context("no entries")?
        .iter()
        .map(|entry| entry["label"].clone())
        .collect())
}

#[test]
fn a_list_is_read_in_parts_or_to_its_end() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let list = ["options", "users", "--credentials", "credentials.json"];
        let first = program.run(&list).await?;
        assert!(first.stderr.contains("--all reads to the end"), "{first:?}");
        let cursor = first.json()?["next"].as_str().context("one part only")?.to_owned();
        let second = program.run(&[&list[..], &["--cursor", &cursor]].concat()).await?;
        let all = program.run(&[&list[..], &["--all"]].concat()).await?;
        assert_eq!(all.json()?.get("next"), None);
        let (all, first, second) = (labels(&all)?, labels(&first)?, labels(&second)?);
        assert!(!second.is_empty());
        assert_eq!(all[..first.len() + second.len()], [first, second].concat());
        Ok(())
    })
}
