//! Lists the files that `host-test new` writes: the SDKs, the interface and the templates
//! of this source tree, as a table of `include_str!`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

/// Files and folders below the root of the source tree.
const SOURCES: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "guest/Cargo.toml",
    "guest/build.rs",
    "guest/cases.json",
    "guest/js/build.mjs",
    "guest/js/index.d.ts",
    "guest/js/package.json",
    "guest/js/src",
    "guest/js/testing.d.ts",
    "guest/python/pyproject.toml",
    "guest/python/workflow_node_sdk",
    "guest/src",
    "guest/wit",
    "host-test/templates",
    "redaction/Cargo.toml",
    "redaction/src",
    "rustfmt.toml",
    "wit",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_NEW").is_none() {
        return Ok(());
    }
    let root = fs::canonicalize("..")?;
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed=../{source}");
        collect(&root, source, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        table += &format!("({file:?}, include_str!({:?})),\n", root.join(&file));
    }
    table += "]\n";
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    Ok(fs::write(Path::new(&folder).join("files.rs"), table)?)
}

/// Adds a file, or the files of a folder, with paths relative to `root`.
fn collect(root: &Path, path: &str, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let full = root.join(path);
    if !full.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(full)? {
        let name = entry?.file_name();
        let name = name.to_str().ok_or("a file name is not UTF-8")?;
        if name != "__pycache__" {
            collect(root, &format!("{path}/{name}"), files)?;
        }
    }
    Ok(())
}
