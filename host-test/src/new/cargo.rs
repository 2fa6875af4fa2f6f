//! Manifests of Cargo that inherit from the workspace of this source tree, rewritten to
//! stand without it.

use anyhow::{Context as _, Result, bail, ensure};

use super::source;

/// The manifest of a package at `path` in the new folder, with the values of the
/// workspace in place of `workspace = true`.
pub(super) fn without_workspace(path: &str, manifest: &str) -> Result<String> {
    let workspace = source("Cargo.toml")?;
    let mut section = "";
    let mut lines = Vec::new();
    for line in manifest.lines() {
        section = heading(line).unwrap_or(section);
        match inherited(line) {
            None if line == "[lints]" => {}
            None => lines.push(line.to_owned()),
            Some(_) if section == "lints" => {
                for table in ["rust", "clippy"] {
                    lines.push(format!("[lints.{table}]"));
                    lines.extend(
                        entries(workspace, &format!("workspace.lints.{table}")).map(ToOwned::to_owned),
                    );
                    lines.push(String::new());
                }
            }
            Some((key, own)) => {
                let table = if section == "package" { "package" } else { "dependencies" };
                let value = entries(workspace, &format!("workspace.{table}"))
                    .find_map(|line| line.split_once(" = ").filter(|(name, _)| *name == key))
                    .map(|(_, value)| value)
                    .with_context(|| format!("the workspace has no {key}, which {path} inherits"))?;
                lines.push(format!("{key} = {}", merged(path, value, own)?));
            }
        }
    }
    Ok(lines.join("\n").trim_end().to_owned() + "\n")
}

/// The name of the table that a line begins.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// The lines of a table, without comments.
fn entries<'a>(manifest: &'a str, table: &str) -> impl Iterator<Item = &'a str> {
    let lines = manifest.lines().skip_while(move |line| heading(line) != Some(table)).skip(1);
    lines.take_while(|line| heading(line).is_none()).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The key of a line that inherits, and what it says besides.
fn inherited(line: &str) -> Option<(&str, &str)> {
    if let Some(key) = line.strip_suffix(".workspace = true") {
        return Some((key, ""));
    }
    let (key, value) = line.split_once(" = ").unwrap_or(("", line));
    match value.strip_prefix("{ workspace = true") {
        Some(own) => Some((key, own.strip_suffix(" }")?.trim_start_matches(", "))),
        None if line == "workspace = true" => Some(("", "")),
        None => None,
    }
}

/// The value of the workspace together with what the package says itself.
fn merged(path: &str, value: &str, own: &str) -> Result<String> {
    let parts = match value.strip_prefix("{ ").and_then(|value| value.strip_suffix(" }")) {
        Some(parts) => parts.to_owned(),
        None if own.is_empty() => return Ok(value.to_owned()),
        None => format!("version = {value}"),
    };
    ensure!(
        !(parts.contains("features = [") && own.starts_with("features = [")),
        "two lists of features in {path}"
    );
    // Paths are relative to the package: from the new folder, or from one within `sdk/`.
    let parts = match (path.strip_prefix("sdk/"), parts.split_once("path = \"")) {
        (_, None) => parts,
        (None, Some((before, rest))) => format!("{before}path = \"sdk/{rest}"),
        (Some(package), Some((before, rest))) if package.split('/').count() == 2 => {
            format!("{before}path = \"../{rest}")
        }
        _ => bail!("{path} is at an unexpected depth"),
    };
    Ok(if own.is_empty() { format!("{{ {parts} }}") } else { format!("{{ {parts}, {own} }}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherited_values_take_the_place_of_the_workspace() {
        let manifest = "[package]\nedition.workspace = true\n\n[dependencies]\nserde.workspace = true\n\
                        workflow-node-sdk = { workspace = true, features = [\"builder\"] }\n";
        let written = without_workspace("Cargo.toml", manifest).unwrap();
        assert!(!written.contains("workspace"), "{written}");
        assert!(written.contains("\nedition = \"2024\"\n"), "{written}");
        let sdk = "workflow-node-sdk = { path = \"sdk/guest\", default-features = false, features = [\"builder\"] }";
        assert!(written.contains(sdk), "{written}");
    }

    #[test]
    fn a_key_that_the_workspace_does_not_have_is_an_error() {
        let error =
            without_workspace("Cargo.toml", "[dependencies]\nunheard-of.workspace = true\n").unwrap_err();
        assert!(error.to_string().contains("unheard-of"), "{error}");
    }
}
