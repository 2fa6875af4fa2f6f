//! The environment of a nested Cargo run.
//!
//! Cargo tells the programs that it starts a great deal through variables, and
//! takes settings from variables too. What belongs to the outer build must not
//! reach the inner one: flags, target folders and compiler wrappers of a lint,
//! coverage or test run would change the component or rebuild it each time.
//! What belongs to the person (proxies, registries, `CARGO_HOME`, the chosen
//! toolchain) stays.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// Beginnings of names that stay although they begin with `CARGO`.
const KEPT: [&str; 5] = ["CARGO_BUILD_JOBS", "CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR"];

/// Beginnings of names that are removed.
const FAMILIES: [&str; 6] = ["CARGO", "CLIPPY_", "MIRI", "NEXTEST", "RUSTC", "RUSTDOC"];

/// Whole names that are removed; `HOST` is Cargo's, `HOSTNAME` the machine's.
const NAMES: [&str; 10] = [
    "DEBUG",
    "HOST",
    "LLVM_PROFILE_FILE",
    "MAKEFLAGS",
    "MFLAGS",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTFLAGS",
];

/// The Cargo that started this program, or else the one on the path.
pub(super) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// Takes the outer build's variables away from a command.
pub(super) fn clean(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        if is_of_the_outer_build(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn is_of_the_outer_build(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let begins_with = |beginning: &&str| name.starts_with(*beginning);
    !KEPT.iter().any(begins_with) && (FAMILIES.iter().any(begins_with) || NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_outer_build_are_removed() {
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_NODE_OPT_LEVEL",
            "CARGO_MAKEFLAGS",
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC",
            "NEXTEST_RUN_ID",
            "HOST",
        ] {
            assert!(is_of_the_outer_build(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn settings_of_the_person_stay() {
        for name in [
            "PATH",
            "HOME",
            "HOSTNAME",
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_PRIVATE_TOKEN",
            "RUSTUP_TOOLCHAIN",
            "https_proxy",
        ] {
            assert!(!is_of_the_outer_build(OsStr::new(name)), "{name}");
        }
    }
}
