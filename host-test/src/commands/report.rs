//! `report`: what the component asks for and how large it is.

use std::process::ExitCode;

use anyhow::Result;

use super::print;
use crate::cli::ComponentArgs;
use crate::connect;
use crate::sizes::{self, Measured, Size};

pub(super) fn run(component: &ComponentArgs) -> Result<ExitCode> {
    let file = connect::component_file(component)?;
    let node = connect::load_file(&file, component)?;
    print("imports")?;
    for import in node.imports() {
        print(format_args!("  {import}"))?;
    }
    let measured = sizes::measure(&file)?;
    print("bytes")?;
    for part in &measured {
        print(row(part))?;
    }
    let keeps_budget = measured.iter().all(Measured::is_within_budget);
    Ok(ExitCode::from(u8::from(!keeps_budget)))
}

fn row(measured: &Measured) -> String {
    let Size { plain, gzip } = measured.size;
    let verdict = match measured.budget {
        None => String::new(),
        Some(budget) if measured.is_within_budget() => {
            format!("   within {} and {}", budget.plain, budget.gzip)
        }
        Some(budget) => format!("   OVER the budget of {} and {}", budget.plain, budget.gzip),
    };
    format!("  {:<30} {plain:>8}  gzip {gzip:>7}{verdict}", measured.part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_the_budget_is_kept() {
        let measured = |plain| Measured {
            part: "manifest section",
            size: Size { plain, gzip: 5 },
            budget: Some(Size { plain: 10, gzip: 5 }),
        };
        assert_eq!(
            row(&measured(10)),
            "  manifest section                     10  gzip       5   within 10 and 5"
        );
        assert!(row(&measured(11)).ends_with("OVER the budget of 10 and 5"));
    }
}
