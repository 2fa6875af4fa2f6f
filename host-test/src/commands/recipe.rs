//! `recipe`: the steps of a file, one after the other.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::print_json;
use crate::cli::{ComponentArgs, RecipeArgs};
use crate::connect;
use crate::console::Console;
use crate::input::Object;
use crate::recipe::{Recipe, Step};

pub(super) async fn run(component: &ComponentArgs, args: &RecipeArgs, console: &Console) -> Result<ExitCode> {
    // What the person wrote comes first: a typing error must not wait for a build.
    let recipe = read(&args.file)?;
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    let session = connect::session(connection, &args.connection, console);
    let mut results = Object::new();
    let mut told = |step: &Step, result: &Value| {
        console.note(format_args!("{}: {}", step.name, step.operation));
        results.insert(step.name.clone(), result.clone());
    };
    let ended = recipe.run(&session, &mut told).await;
    print_json(&json!({ "title": recipe.title, "steps": results }))?;
    match ended {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            console.failure(&error);
            Ok(ExitCode::from(1))
        }
    }
}

fn read(file: &Path) -> Result<Recipe> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("the recipe {name} cannot be read"))?;
    Recipe::parse(&text).with_context(|| format!("the recipe {name} is not usable"))
}
