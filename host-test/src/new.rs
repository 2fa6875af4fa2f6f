//! A folder with a new node in it, which needs nothing else of this source tree: the
//! template of a language with its placeholders filled, and a copy of the SDK.

mod cargo;
mod name;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

pub use name::Name;

/// Files of the source tree that this program was built from: path and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Languages that have an SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript.
    Js,
    /// Python.
    Python,
}

/// How the new node logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Auth {
    /// A key in a header.
    ApiKey,
    /// User name and password.
    Basic,
    /// OAuth 2.0 client credentials.
    Oauth2,
}

/// What is copied, as pairs: a file or folder of the source tree, and where it goes.
type Layout = &'static [(&'static str, &'static str)];

const LICENSES: Layout = &[("LICENSE-APACHE", "sdk/LICENSE-APACHE"), ("LICENSE-MIT", "sdk/LICENSE-MIT")];

const RUST: Layout = &[
    ("host-test/templates/rust/", ""),
    // The versions that the SDK was tested with. Cargo drops what the node does not need.
    ("Cargo.lock", "Cargo.lock"),
    ("rustfmt.toml", "rustfmt.toml"),
    ("guest/Cargo.toml", "sdk/guest/Cargo.toml"),
    ("guest/build.rs", "sdk/guest/build.rs"),
    ("guest/cases.json", "sdk/guest/cases.json"),
    ("guest/src/", "sdk/guest/src/"),
    ("guest/wit/", "sdk/guest/wit/"),
    ("redaction/", "sdk/redaction/"),
    ("wit/", "sdk/wit/"),
];

const JS: Layout = &[
    ("host-test/templates/js/", ""),
    ("guest/js/", "sdk/"),
    ("wit/", "sdk/wit/node/"),
    ("guest/wit/wasi/", "sdk/wit/wasi/"),
];

const PYTHON: Layout = &[
    ("host-test/templates/python/", ""),
    ("guest/python/", "sdk/"),
    ("wit/", "sdk/workflow_node_sdk/wit/node/"),
    ("guest/wit/wasi/", "sdk/workflow_node_sdk/wit/wasi/"),
];

impl Language {
    fn layout(self) -> Layout {
        match self {
            Self::Rust => RUST,
            Self::Js => JS,
            Self::Python => PYTHON,
        }
    }

    /// The expression that describes the login, and the names that it needs of the SDK.
    fn login(self, auth: Auth) -> (&'static str, &'static str) {
        match (self, auth) {
            (Self::Rust, Auth::ApiKey) => {
                (r#"key_header("x-api-key", "From the service's settings page.")"#, "")
            }
            (Self::Rust, Auth::Basic) => (r#"basic("The password of this user.")"#, ""),
            (Self::Rust, Auth::Oauth2) => {
                (r#"client_credentials("/oauth/token", "From the service's settings page.")"#, "")
            }
            (Self::Js, Auth::ApiKey) => (
                r#"apiKey({ header: "x-api-key", help: "From the service's settings page." })"#,
                "apiKey, node",
            ),
            (Self::Js, Auth::Basic) => (r#"basic({ help: "The password of this user." })"#, "basic, node"),
            (Self::Js, Auth::Oauth2) => (
                r#"oauth2ClientCredentials({ tokenUrl: "{url}/oauth/token" })"#,
                "node, oauth2ClientCredentials",
            ),
            (Self::Python, Auth::ApiKey) => {
                (r#"api_key("x-api-key", help="From the service's settings page.")"#, "api_key, node")
            }
            (Self::Python, Auth::Basic) => (r#"basic(help="The password of this user.")"#, "basic, node"),
            (Self::Python, Auth::Oauth2) => {
                (r#"oauth2_client_credentials("{url}/oauth/token")"#, "node, oauth2_client_credentials")
            }
        }
    }
}

/// Writes the folder `name` into the folder `parent`, and returns its path.
///
/// # Errors
/// Where something of that name exists, or cannot be written.
pub fn write(parent: &Path, name: &Name, language: Language, auth: Auth) -> Result<PathBuf> {
    let folder = parent.join(name.as_str());
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists: choose another name, or remove it", folder.display());
        }
        created => created.with_context(|| format!("{} cannot be made", folder.display()))?,
    }
    for (path, text) in files(name, language, auth)? {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        }
        fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(folder)
}

/// The files of a new node: paths in its folder, and texts.
fn files(name: &Name, language: Language, auth: Auth) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (from, to) in language.layout().iter().chain(LICENSES) {
        let is_folder = from.ends_with('/');
        for (path, text) in FILES {
            let Some(rest) = path.strip_prefix(from) else { continue };
            if !is_folder && !rest.is_empty() {
                continue;
            }
            let path = format!("{to}{rest}");
            let text = if to.is_empty() { fill(text, name, language, auth) } else { (*text).to_owned() };
            let text =
                if path.ends_with("Cargo.toml") { cargo::without_workspace(&path, &text)? } else { text };
            // A template of that name would hide files of this source tree.
            files.push((if path == "gitignore" { ".gitignore".to_owned() } else { path }, text));
        }
    }
    Ok(files)
}

/// A file of a template with its placeholders filled.
fn fill(text: &str, name: &Name, language: Language, auth: Auth) -> String {
    let (credentials, imports) = language.login(auth);
    text.replace("{{name}}", name.as_str())
        .replace("{{title}}", &name.title())
        .replace("{{credentials}}", credentials)
        .replace("{{imports}}", imports)
}

/// The text of a file of the source tree.
fn source(path: &str) -> Result<&'static str> {
    let found = FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text);
    found.with_context(|| format!("this program was built without {path}"))
}
