//! Renders the manifest from the same data as the component, for its custom
//! section: a component cannot read its own sections, and a host wants to read
//! the manifest without running anything.

#![allow(dead_code, reason = "the modules below are the component's; only the manifest is rendered here")]
#![allow(missing_docs, unreachable_pub, reason = "documented and used where they belong, in src/")]

extern crate alloc;

#[path = "src/catalogue/mod.rs"]
mod catalogue;
#[path = "src/error"]
mod error {
    pub use crate::sdk::{ErrorKind, Retry};
    pub use code::Code;
    mod code;
}
#[path = "src/manifest.rs"]
mod manifest;
#[path = "guest/src/error.rs"]
mod sdk;
#[path = "src/credentials"]
mod credentials {
    pub mod form;
}

fn main() -> std::io::Result<()> {
    for folder in [
        "build.rs",
        "src/catalogue",
        "src/credentials",
        "src/error/code.rs",
        "guest/src/error.rs",
        "src/manifest.rs",
    ] {
        println!("cargo::rerun-if-changed={folder}");
    }
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // The linker pads every address to five bytes otherwise: 27 KB of them.
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
        // Enough for a page of records: see `Pages` in guest/src/runtime.rs.
        println!("cargo::rustc-link-arg-cdylib=--initial-heap=2097152");
    }
    let Some(folder) = std::env::var_os("OUT_DIR") else {
        return Err(std::io::Error::other("cargo sets OUT_DIR for build scripts"));
    };
    let folder = std::path::Path::new(&folder);
    std::fs::write(folder.join("manifest.json"), manifest::render())?;
    std::fs::write(folder.join("credentials.json"), manifest::credentials())
}
