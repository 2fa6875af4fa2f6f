//! Does every citation of the fact sheet lead to one of its sections?
//!
//! There is one form: `HAPI §7.4`, further sections behind it with commas, the last of
//! a range behind a dash, and `HAPI appendix B`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

const SHEET: &str = include_str!("../../../docs/halopsa-api.md");

/// Where nothing of ours is.
const FOREIGN: [&str; 4] = ["target", "node_modules", ".git", "dist"];

/// What citations may be in.
const KINDS: [&str; 10] = ["rs", "md", "ts", "mts", "mjs", "js", "py", "wit", "toml", "sh"];

#[test]
fn every_citation_leads_to_a_section_of_the_fact_sheet() -> Result<()> {
    let sections = sections();
    assert!(sections.contains("7.4") && sections.contains("14.11") && sections.contains("appendix B"));
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let (mut found, mut wrong) = (0, Vec::new());
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            for rest in line.split("HAPI").skip(1) {
                let place = || format!("{}:{}: {}", file.display(), number + 1, line.trim());
                match citation(rest) {
                    Cited::Sections(all) => {
                        found += all.len();
                        for section in all.iter().filter(|section| !sections.contains(*section)) {
                            wrong.push(format!("{}: no section {section}", place()));
                        }
                    }
                    Cited::TheForm => {}
                    Cited::Unread => wrong.push(place()),
                }
            }
        }
    }
    println!("{found} citations of {} sections", sections.len());
    assert!(found > 100, "only {found} citations were found");
    assert!(wrong.is_empty(), "write HAPI §n, and cite what is there:\n{}", wrong.join("\n"));
    Ok(())
}

/// The tables of the simulator's README leave the name away.
#[test]
fn the_sections_in_the_simulators_tables_exist() -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../halo-sim/README.md");
    let text = fs::read_to_string(&root).with_context(|| root.display().to_string())?;
    let sections = sections();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let cited = rows.flat_map(|row| row.split('§').skip(1).map(number).collect::<Vec<_>>());
    let missing: Vec<String> = cited.filter(|section| !sections.contains(section)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !FOREIGN.contains(&name) {
                collect(&path, files)?;
            }
        } else if path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| KINDS.contains(&kind))
            && path.file_name() != Path::new(file!()).file_name()
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Numbers of headings, of the items of §1 and §17 and of the rows of §14 and §18.
fn sections() -> BTreeSet<String> {
    let mut sections = BTreeSet::new();
    let mut chapter = String::new();
    for line in SHEET.lines() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            if let Some(letter) = heading.strip_prefix("Appendix ").and_then(|rest| rest.split('.').next()) {
                sections.insert(format!("appendix {letter}"));
            } else {
                let number = number(heading);
                if line.starts_with("## ") {
                    chapter.clone_from(&number);
                }
                sections.insert(number);
            }
            continue;
        }
        let item = line.strip_prefix("| ").unwrap_or(line);
        let item: String = item.chars().take_while(char::is_ascii_digit).collect();
        if !item.is_empty() && matches!(chapter.as_str(), "1" | "14" | "17" | "18") {
            sections.insert(format!("{chapter}.{item}"));
        }
    }
    sections
}

enum Cited {
    Sections(Vec<String>),
    /// The text is about the form itself.
    TheForm,
    Unread,
}

/// What is cited by the text behind the name.
fn citation(rest: &str) -> Cited {
    if rest.starts_with(" §n") || rest.starts_with(" {") {
        return Cited::TheForm;
    }
    if let Some(letter) = rest.strip_prefix(" appendix ") {
        return Cited::Sections(vec![format!("appendix {}", letter.chars().take(1).collect::<String>())]);
    }
    let Some(mut rest) = rest.strip_prefix(" §") else { return Cited::Unread };
    let mut all: Vec<String> = Vec::new();
    let mut in_range = false;
    loop {
        let section = number(rest);
        if section.is_empty() {
            return Cited::Unread;
        }
        rest = rest.get(section.len()..).unwrap_or_default();
        // The end of a range may leave its chapter away: §14.21–22.
        let chapter = all.last().and_then(|first: &String| first.split_once('.')).map(|(chapter, _)| chapter);
        all.push(match chapter {
            Some(chapter) if in_range && !section.contains('.') => format!("{chapter}.{section}"),
            _ => section,
        });
        in_range = rest.starts_with('–');
        rest = match [", §", " and §", "–§", "–"].iter().find_map(|between| rest.strip_prefix(between))
        {
            Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => more,
            _ => return Cited::Sections(all),
        };
    }
}

/// The number that a text begins with, such as `7.4`.
fn number(text: &str) -> String {
    let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.trim_end_matches('.').to_owned()
}
