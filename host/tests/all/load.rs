//! What is loaded, and what is refused before anything of it runs.

use serde_json::Value;
use workflow_node_host::{HostError, NodeHost};

use crate::support::{component, node};

fn load(bytes: &[u8]) -> HostError {
    NodeHost::builder().build().expect("host").load(bytes).expect_err("it should be refused")
}

#[tokio::test]
async fn the_manifest_is_there_without_running_anything_and_equals_describe() {
    let node = node();
    let manifest: Value = serde_json::from_str(node.manifest()).expect("JSON");
    assert_eq!(manifest["name"], "unruly");
    assert_eq!(node.describe().await.expect("describe"), node.manifest());
}

#[test]
fn a_node_imports_the_six_interfaces_and_no_more() {
    let mut imports: Vec<String> =
        node().imports().iter().filter_map(|name| Some(name.split('@').next()?.to_owned())).collect();
    imports.sort();
    assert_eq!(
        imports,
        [
            "wasi:clocks/monotonic-clock",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
            "wasi:io/error",
            "wasi:io/poll",
            "wasi:io/streams",
        ]
    );
}

#[test]
fn what_is_no_component_is_refused() {
    assert!(matches!(load(b"not wasm"), HostError::NotAComponent(_)));
    assert!(matches!(load(b"\0asm\x01\0\0\0"), HostError::NotAComponent(_)), "a core module");
}

#[test]
fn a_file_that_is_not_there_is_told_by_name() {
    let host = NodeHost::builder().build().expect("host");
    let error = host.load_file("no-such-node.wasm").expect_err("no file").to_string();
    assert!(error.contains("no-such-node.wasm"), "{error}");
}

#[test]
fn a_component_without_the_exports_is_refused() {
    let error = load(b"\0asm\x0d\0\x01\0");
    assert!(matches!(error, HostError::ExportsMissing(_)), "{error}");
    assert!(error.to_string().contains("workflow:node/node@0.1.0 is missing"), "{error}");
}

#[test]
fn a_component_that_wants_more_is_refused_with_the_name_of_each_import() {
    // A component with two imported instances that have nothing in them.
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend([7, 3, 1, 0x42, 0]);
    let mut imports = vec![2];
    for name in ["wasi:cli/environment@0.2.0", "wasi:sockets/tcp@0.2.0"] {
        imports.extend([0, u8::try_from(name.len()).expect("a short name")]);
        imports.extend(name.as_bytes());
        imports.extend([5, 0]);
    }
    bytes.extend([10, u8::try_from(imports.len()).expect("a short section")]);
    bytes.extend(imports);
    match load(&bytes) {
        HostError::ImportsRefused(names) => {
            assert_eq!(names, ["wasi:cli/environment@0.2.0", "wasi:sockets/tcp@0.2.0"]);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_component_without_a_manifest_is_refused() {
    let name = b"workflow-node:manifest";
    let mut bytes = std::fs::read(component()).expect("component");
    let mut found = 0;
    while let Some(at) = bytes.windows(name.len()).position(|window| window == name) {
        bytes[at] = b'X';
        found += 1;
    }
    assert!(found > 0);
    assert!(matches!(load(&bytes), HostError::Manifest(_)));
}
