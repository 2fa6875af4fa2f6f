//! `docs/performance.md`, made of the results.

use std::fmt::{self, Write as _};

use anyhow::Result;

use super::figure::{Results, number};
use super::plot;

/// The files of the documentation, by name.
///
/// # Errors
/// When the results cannot be written as JSON.
pub fn files(results: &Results) -> Result<[(&'static str, String); 3]> {
    let json = serde_json::to_string_pretty(&results.json())? + "\n";
    let mut markdown = String::new();
    write(&mut markdown, results)?;
    Ok([
        ("performance.json", json),
        ("performance.md", markdown),
        ("performance.svg", plot::svg(&results.curves)),
    ])
}

fn write(out: &mut String, results: &Results) -> fmt::Result {
    writeln!(out, "# Performance\n")?;
    writeln!(
        out,
        "Made by `cargo run --release -p host-test -- bench --docs docs`, which measured it, from"
    )?;
    writeln!(
        out,
        "[`performance.json`](performance.json). The figures depend on the machine; the ratios hardly do.\n"
    )?;
    for circumstance in &results.circumstances {
        writeln!(out, "- {circumstance}")?;
    }
    let bars = results.figures.iter().filter(|figure| figure.bar.is_some());
    writeln!(out, "\n## Bars\n\n| | what | measured | bar | |\n|---|---|---:|---:|---|")?;
    for figure in bars {
        let (name, value, unit) = (&figure.name, number(figure.value), &figure.unit);
        let bar = figure.bar.map(|bar| bar.text()).unwrap_or_default();
        let verdict = if figure.holds() == Some(true) { "holds" } else { "**missed**" };
        writeln!(out, "| {} | {name} | {value} {unit} | {bar} | {verdict} |", figure.part)?;
    }
    writeln!(out, "\n## Growth\n\n![Growth with the amount of work](performance.svg)\n")?;
    writeln!(
        out,
        "Both axes are logarithmic: what runs along the dashed line grows with the work, no faster."
    )?;
    for (part, method) in &results.methods {
        writeln!(out, "\n## {part}\n\nMethod: {method}.\n\n| what | measured |\n|---|---:|")?;
        for figure in results.figures.iter().filter(|figure| figure.part == *part) {
            writeln!(out, "| {} | {} {} |", figure.name, number(figure.value), figure.unit)?;
        }
    }
    Ok(())
}
