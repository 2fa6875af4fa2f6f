//! A new node: what `host-test new` writes, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use host_test::new::{self, Auth, Language};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{command, run};

const AUTHS: [Auth; 3] = [Auth::ApiKey, Auth::Basic, Auth::Oauth2];

/// Files of each language that the commands in its README need.
const NEEDED: [(Language, &[&str]); 3] = [
    (
        Language::Rust,
        &[
            ".gitignore",
            "Cargo.lock",
            "Cargo.toml",
            "README.md",
            "rustfmt.toml",
            "sdk/LICENSE-MIT",
            "sdk/guest/Cargo.toml",
            "sdk/guest/build.rs",
            "sdk/guest/src/lib.rs",
            "sdk/guest/wit/manifest.wit",
            "sdk/guest/wit/wasi/http.wit",
            "sdk/redaction/Cargo.toml",
            "sdk/redaction/src/lib.rs",
            "sdk/wit/node.wit",
            "src/lib.rs",
            "tests/node.rs",
        ],
    ),
    (
        Language::Js,
        &[
            ".gitignore",
            "README.md",
            "main.js",
            "main.test.js",
            "package.json",
            "sdk/LICENSE-MIT",
            "sdk/build.mjs",
            "sdk/index.d.ts",
            "sdk/package.json",
            "sdk/src/index.js",
            "sdk/wit/node/node.wit",
            "sdk/wit/wasi/http.wit",
        ],
    ),
    (
        Language::Python,
        &[
            ".gitignore",
            "README.md",
            "main.py",
            "requirements.txt",
            "sdk/LICENSE-MIT",
            "sdk/pyproject.toml",
            "sdk/workflow_node_sdk/__init__.py",
            "sdk/workflow_node_sdk/wit/node/node.wit",
            "sdk/workflow_node_sdk/wit/wasi/http.wit",
            "test_main.py",
        ],
    ),
];

fn write(parent: &Path, language: Language, auth: Auth) -> Result<PathBuf> {
    new::write(parent, &"help-desk".parse()?, language, auth)
}

/// All files of a folder, with their texts.
fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push((path.clone(), fs::read_to_string(path)?));
        }
    }
    Ok(found)
}

#[test]
fn each_language_has_its_files_and_no_placeholder() -> Result<()> {
    for (language, needed) in NEEDED {
        for auth in AUTHS {
            let parent = TempDir::new()?;
            let folder = write(parent.path(), language, auth)?;
            for file in needed {
                assert!(folder.join(file).is_file(), "{language:?} has no {file}");
            }
            let files = files(&folder)?;
            for (path, text) in &files {
                assert!(!text.contains("{{name}}"), "{}", path.display());
                assert!(!text.contains("{{title}}"), "{}", path.display());
                assert!(!text.contains("{{credentials}}"), "{}", path.display());
                assert!(!text.contains("{{imports}}"), "{}", path.display());
                let name = path.file_name().unwrap_or_default();
                assert!(name != "Cargo.toml" || !text.contains("workspace = true"), "{}", path.display());
            }
            let own = |(path, text): &&(PathBuf, String)| {
                !path.starts_with(folder.join("sdk")) && text.contains("help-desk")
            };
            assert!(files.iter().filter(own).count() >= 2, "{language:?} does not have its name");
        }
    }
    Ok(())
}

/// A package as Cargo reads it. Paths of other packages depend on the folder.
fn package(manifest: &Path) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = fs::canonicalize(manifest)?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("no packages")?;
    let found = packages
        .iter()
        .find(|package| package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest));
    let package = found.context("no package")?;
    let mut dependencies = package["dependencies"].clone();
    for dependency in dependencies.as_array_mut().context("no dependencies")? {
        if let Some(path) = dependency["path"].as_str() {
            assert!(Path::new(path).join("Cargo.toml").is_file(), "{path}");
            dependency["path"] = json!("…");
        }
    }
    Ok(json!({
        "name": package["name"], "version": package["version"], "edition": package["edition"],
        "rust_version": package["rust_version"], "license": package["license"],
        "features": package["features"], "dependencies": dependencies,
    }))
}

#[test]
fn the_copied_crates_are_what_the_workspace_makes_of_them() -> Result<()> {
    let parent = TempDir::new()?;
    let folder = write(parent.path(), Language::Rust, Auth::ApiKey)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for package_folder in ["guest", "redaction"] {
        let copied = package(&folder.join("sdk").join(package_folder).join("Cargo.toml"))?;
        assert_eq!(copied, package(&root.join(package_folder).join("Cargo.toml"))?, "{package_folder}");
    }
    let own = package(&folder.join("Cargo.toml"))?;
    assert_eq!(own["name"], "help-desk");
    assert_eq!(own["edition"], "2024");
    Ok(())
}

#[test]
fn a_folder_that_exists_is_refused() -> Result<()> {
    let parent = TempDir::new()?;
    fs::create_dir(parent.path().join("help-desk"))?;
    run(async {
        let output = command(&["new", "help-desk"]).current_dir(parent.path()).output().await?;
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr)?;
        assert!(stderr.contains("help-desk exists: choose another name"), "{stderr}");
        assert!(files(parent.path())?.is_empty());
        Ok(())
    })
}

#[test]
fn a_name_that_is_not_valid_is_refused_with_one_that_is() -> Result<()> {
    let parent = TempDir::new()?;
    run(async {
        let output = command(&["new", "../Help Desk"]).current_dir(parent.path()).output().await?;
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr)?;
        assert!(stderr.contains("try help-desk"), "{stderr}");
        Ok(())
    })
}

#[test]
fn the_folder_is_named_and_its_readme_has_the_commands() -> Result<()> {
    let parent = TempDir::new()?;
    run(async {
        let output = command(&["new", "help-desk", "--lang", "js", "--auth", "oauth2"])
            .current_dir(parent.path())
            .output()
            .await?;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(String::from_utf8(output.stdout)?.starts_with("help-desk: "));
        let readme = fs::read_to_string(parent.path().join("help-desk/README.md"))?;
        assert!(readme.contains("host-test pack raw.wasm --force -o help-desk.wasm"), "{readme}");
        let source = fs::read_to_string(parent.path().join("help-desk/main.js"))?;
        assert!(source.contains("oauth2ClientCredentials({ tokenUrl:"), "{source}");
        Ok(())
    })
}
