//! `bench`: figures, and the page of documentation that shows them.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::{print, print_json};
use crate::bench::{self, Extent, Results, page};
use crate::cli::{BenchArgs, ComponentArgs};
use crate::connect;
use crate::console::Console;

pub(super) async fn run(component: &ComponentArgs, args: &BenchArgs, console: &Console) -> Result<ExitCode> {
    let results = match &args.from {
        Some(file) => {
            let text =
                fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Results::parse(&text)?
        }
        None => {
            let file = connect::component_file(component)?;
            let extent = if args.quick { Extent::Quick } else { Extent::Full };
            let mut say = |part: &str| console.note(format_args!("measuring {part}…"));
            bench::measure(&file, extent, &args.only, &mut say).await?
        }
    };
    if let Some(folder) = &args.docs {
        for (name, content) in page::files(&results)? {
            let file = folder.join(name);
            fs::write(&file, content).with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    if args.json {
        print_json(&results.json())?;
    } else {
        print(results.text())?;
    }
    Ok(ExitCode::from(u8::from(!results.holds())))
}
