//! What is loaded, and what is refused before anything of it runs.

use serde_json::Value;
use workflow_node_host::{Digest, HostError, NodeHost};

use crate::support::{component, host, node, with_manifest};

fn load(bytes: &[u8]) -> HostError {
    NodeHost::builder().build().expect("host").load(bytes).expect_err("it should be refused")
}

#[tokio::test]
async fn the_manifest_is_there_without_running_anything() {
    let node = node();
    let manifest: Value = serde_json::from_str(node.manifest()).expect("JSON");
    assert_eq!(manifest["name"], "unruly");
    assert_eq!(node.credential_schema().await.expect("form").fields.len(), 8);
}

#[test]
fn a_node_imports_the_interfaces_that_a_host_offers() {
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
            "workflow:node/logging",
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
    assert!(error.to_string().contains("workflow:node/node is missing"), "{error}");
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

/// The component with another name in every place of a name.
fn renamed(old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = std::fs::read(component()).expect("component");
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(old.len()).position(|window| window == old.as_bytes()) {
        bytes[at + found..][..new.len()].copy_from_slice(new.as_bytes());
        at += found + new.len();
    }
    assert!(at > 0, "{old}");
    bytes
}

#[test]
fn a_component_of_an_unknown_version_is_refused_with_the_known_ones() {
    let error = load(&renamed("workflow:node/node@0.2.0", "workflow:node/node@0.9.0")).to_string();
    for part in ["version 0.9.0", "0.2.0 and 0.1.0"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_component_of_a_later_patch_is_taken_for_the_known_version() {
    let host = host().build().expect("host");
    host.load(&renamed("@0.2.0", "@0.2.7")).expect("0.2.7 only adds to 0.2.0");
}

#[test]
fn a_manifest_of_another_version_than_the_exports_is_refused() {
    let error = load(&with_manifest("workflow:node@0.2.0", "workflow:node@0.1.0")).to_string();
    for part in ["workflow:node@0.1.0", "exports version 0.2.0"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_component_that_lacks_a_function_is_refused_with_its_name() {
    for (function, other, interface) in [
        ("credential-schema", "credential-schemb", "node"),
        ("authenticate", "authenticata", "node"),
        ("migrate", "migrata", "migration"),
    ] {
        let error = load(&renamed(function, other)).to_string();
        let expected = format!("workflow:node/{interface}@0.2.0.{function} is missing");
        assert!(error.contains(&expected), "{error}");
    }
}

/// The component with one more module in it, of one function with nested loops.
fn with_nested_loops(depth: usize) -> Vec<u8> {
    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number > 0x7f {
            bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).expect("seven bits"));
        bytes
    }
    let section = |id: u8, content: Vec<u8>| [vec![id], leb(content.len()), content].concat();
    let code = [vec![0], [0x03, 0x40].repeat(depth), vec![0x0b; depth + 1]].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, vec![1, 0x60, 0, 0]),
        section(3, vec![1, 0]),
        section(10, [vec![1], leb(code.len()), code].concat()),
    ];
    [std::fs::read(component()).expect("component"), section(1, module.concat())].concat()
}

fn compilations(host: &NodeHost) -> String {
    let metrics = host.metrics();
    let line = metrics.lines().find(|line| line.starts_with("workflow_node_compilations_total"));
    line.and_then(|line| line.split(' ').nth(1)).expect("the metric").to_owned()
}

#[test]
fn a_bomb_of_nested_loops_is_refused_and_not_compiled() {
    let host = NodeHost::builder().build().expect("host");
    let refused = host.load(&with_nested_loops(2000)).expect_err("a bomb");
    assert!(
        matches!(refused, HostError::ComponentLimit { setting: "loops", found: 2000, limit: 100, .. }),
        "{refused}"
    );
    let told = refused.to_string();
    assert!(told.contains("2000 loops") && told.contains("`ComponentLimits::loops`"), "{told}");
    assert_eq!(compilations(&host), "0");
}

#[test]
fn a_large_component_that_wants_more_is_refused_and_not_compiled() {
    let host = NodeHost::builder().build().expect("host");
    // An imported instance with nothing in it, and twelve megabytes.
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend([7, 3, 1, 0x42, 0]);
    let name = b"wasi:cli/stdin@0.2.3";
    let size = u8::try_from(name.len()).expect("small");
    bytes.extend([10, size + 5, 1, 0, size]);
    bytes.extend(name);
    bytes.extend([5, 0]);
    bytes.extend([0, 0x82, 0x80, 0x80, 0x06, 1, b'x']);
    bytes.resize(bytes.len() + (12 << 20), 0);
    match host.load(&bytes).expect_err("it wants too much") {
        HostError::ImportsRefused(names) => assert_eq!(names, ["wasi:cli/stdin@0.2.3"]),
        other => panic!("{other}"),
    }
    assert_eq!(compilations(&host), "0");
}

#[test]
fn two_loads_of_one_file_at_once_compile_it_once() {
    let host = NodeHost::builder().build().expect("host");
    let nodes: Vec<_> = std::thread::scope(|scope| {
        let load = || host.load_file(component()).expect("node");
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(load)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    host.load_file(component()).expect("once more, while the others are in use");
    assert_eq!(compilations(&host), "1");
    drop(nodes);
}

#[test]
fn a_component_is_loaded_by_its_digest_and_no_other_in_its_place() {
    let bytes = std::fs::read(component()).expect("component");
    let host = host().build().expect("host");
    let digest = host.load(&bytes).expect("node").digest();
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(host.load_pinned(&bytes, digest).expect("the same").digest(), digest);
    let other = host.load_pinned(&bytes, Digest::of(b"other")).expect_err("another one");
    assert!(matches!(other, HostError::OtherComponent { found, .. } if found == digest), "{other}");
}
