//! Writes the bindings for the interfaces that the features choose: which ones a
//! component exports is part of its type.

use std::env;
use std::fs;
use std::io;
use std::path::Path;

/// The interfaces of `workflow:node` that a node may export beside `node`, each a
/// feature of this crate.
const OPTIONAL: [&str; 5] = ["setup", "lookup", "triggers", "revocation", "migration"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../wit");
    println!("cargo::rerun-if-changed=wit");
    let is_on = |feature: &str| env::var_os(format!("CARGO_FEATURE_{}", feature.to_uppercase())).is_some();
    let mut exports = String::new();
    for interface in OPTIONAL.into_iter().filter(|interface| is_on(interface)) {
        exports += &format!("export workflow:node/{interface}@0.2.0; ");
    }
    if is_on("packing") {
        exports += "export workflow:packing/manifest@0.1.0; ";
    }
    let bindings = format!(
        r#"wit_bindgen::generate!({{
    path: ["../wit", "wit"],
    inline: "
        package workflow:sdk;
        world component {{
            include workflow:node/minimal-node@0.2.0;
            import workflow:node/logging@0.2.0;
            {exports}
        }}
    ",
    world: "workflow:sdk/component",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "workflow_node_sdk::bindings",
}});
"#
    );
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&folder).join("bindings.rs"), bindings)
}
