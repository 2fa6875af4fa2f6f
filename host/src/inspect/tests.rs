use super::*;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const LOOP: [u8; 2] = [0x03, 0x40];
const BLOCK: [u8; 2] = [0x02, 0x40];
const END: u8 = 0x0b;

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], leb(content.len()), content.to_vec()].concat()
}

fn component(parts: &[Vec<u8>]) -> Vec<u8> {
    [COMPONENT.to_vec(), parts.concat()].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [MODULE.to_vec(), sections.concat()].concat()
}

/// A component around a module.
fn around(module: &[u8]) -> Vec<u8> {
    component(&[section(1, module)])
}

/// A module with these functions, each of no parameters.
fn functions(bodies: &[Vec<u8>]) -> Vec<u8> {
    let body = |code: &Vec<u8>| {
        let body = [vec![0], code.clone(), vec![END]].concat();
        [leb(body.len()), body].concat()
    };
    let count = leb(bodies.len());
    module(&[
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[count.clone(), vec![0; bodies.len()]].concat()),
        section(10, &[vec![count], bodies.iter().map(body).collect()].concat().concat()),
    ])
}

fn nested(what: [u8; 2], depth: usize) -> Vec<u8> {
    [what.repeat(depth), vec![END; depth]].concat()
}

fn one_after_the_other(count: usize) -> Vec<u8> {
    [BLOCK.to_vec(), vec![END]].concat().repeat(count)
}

/// What is refused: the limit's name, its number and what there was.
fn limit(bytes: &[u8]) -> (&'static str, u64, u64) {
    match inspect(bytes, &ComponentLimits::default()) {
        Err(HostError::ComponentLimit { setting, limit, found, .. }) => (setting, limit, found),
        other => panic!("{other:?}"),
    }
}

/// It passes all limits: what is refused is that it is no node.
fn passes(bytes: &[u8]) {
    let result = inspect(bytes, &ComponentLimits::default());
    assert!(matches!(result, Err(HostError::ExportsMissing(_))), "{result:?}");
}

#[test]
fn loops_inside_loops_are_refused_from_a_depth_on() {
    passes(&around(&functions(&[nested(LOOP, 100)])));
    assert_eq!(limit(&around(&functions(&[nested(LOOP, 101)]))), ("loops", 100, 101));
    // Blocks around them do not hide them, and those next to them do not count.
    passes(&around(&functions(&[nested(LOOP, 60).repeat(5)])));
    let mixed = [LOOP, BLOCK].concat().repeat(101);
    let mixed = [mixed, vec![END; 202]].concat();
    assert_eq!(limit(&around(&functions(&[mixed]))), ("loops", 100, 101));
}

#[test]
fn blocks_are_refused_that_are_too_deep_or_too_many() {
    passes(&around(&functions(&[nested(BLOCK, 2_000)])));
    assert_eq!(limit(&around(&functions(&[nested(BLOCK, 2_001)]))), ("nesting", 2_000, 2_001));
    passes(&around(&functions(&[one_after_the_other(10_000)])));
    assert_eq!(limit(&around(&functions(&[one_after_the_other(10_001)]))), ("blocks", 10_000, 10_001));
    // In many functions of several modules.
    let part = section(1, &functions(&vec![one_after_the_other(9_000); 30]));
    let (setting, _, found) = limit(&component(&[part.clone(), part]));
    assert_eq!((setting, found > 500_000), ("all_blocks", true));
}

#[test]
fn functions_and_bytes_are_counted() {
    let empty = vec![Vec::new(); 50_001];
    assert_eq!(limit(&around(&functions(&empty))), ("functions", 50_000, 50_001));
    let large = component(&[section(0, &[vec![1, b'x'], vec![0; 16 << 20]].concat())]);
    assert_eq!(limit(&large).0, "bytes");
}

#[test]
fn every_limit_can_be_set() {
    let bytes = around(&functions(&[nested(LOOP, 500)]));
    let limits = ComponentLimits { loops: 500, ..ComponentLimits::default() };
    assert!(matches!(inspect(&bytes, &limits), Err(HostError::ExportsMissing(_))));
    let limits = ComponentLimits { bytes: 10, ..limits };
    assert!(matches!(inspect(&bytes, &limits), Err(HostError::ComponentLimit { setting: "bytes", .. })));
}

#[test]
fn proposals_that_nodes_do_without_are_refused_by_name() {
    let import = |kind: &[u8]| section(2, &[&[1, 1, b'm', 1, b'n'], kind].concat());
    for (module, name) in [
        (module(&[section(5, &[1, 4, 1])]), "memory64"),
        (module(&[section(5, &[1, 3, 1, 1])]), "shared memory"),
        (module(&[section(5, &[2, 0, 1, 0, 1])]), "several memories"),
        (module(&[section(4, &[1, 0x70, 4, 1])]), "table64"),
        (module(&[import(&[2, 4, 1])]), "memory64"),
        (module(&[import(&[1, 0x70, 4, 1])]), "table64"),
        (module(&[import(&[2, 0, 1]), section(5, &[1, 0, 1])]), "several memories"),
    ] {
        let refused = inspect(&around(&module), &ComponentLimits::default());
        let Err(HostError::FeatureRefused(what)) = &refused else { panic!("{name}: {refused:?}") };
        assert!(what.contains(name), "{what}");
    }
    // One memory in each of two modules is none of this.
    let one = section(1, &module(&[section(5, &[1, 0, 1])]));
    passes(&component(&[one.clone(), one]));
}

#[test]
fn only_what_the_component_itself_imports_counts() {
    let import = section(10, &[vec![1, 0, 12], b"wasi:cli/env".to_vec(), vec![5, 0]].concat());
    let kind = section(7, &[1, 0x42, 0]);
    let asking = component(&[kind, import]);
    let refused = inspect(&asking, &ComponentLimits::default());
    assert!(matches!(refused, Err(HostError::ImportsRefused(names)) if names == ["wasi:cli/env"]));
    passes(&component(&[section(4, &asking)]));
}

#[test]
fn parts_inside_parts_have_an_end() {
    let deep = |depth: usize| (0..depth).fold(component(&[]), |inner, _| component(&[section(4, &inner)]));
    passes(&deep(DEPTH - 1));
    assert!(matches!(inspect(&deep(DEPTH), &ComponentLimits::default()), Err(HostError::FeatureRefused(_))));
}

/// A part that is cut off between two sections is left to the compiler.
#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let bytes = around(&functions(&[nested(LOOP, 3), one_after_the_other(3)]));
    for end in 9..bytes.len() {
        let result = inspect(&bytes[..end], &ComponentLimits::default());
        assert!(
            matches!(result, Err(HostError::NotAComponent(_) | HostError::ExportsMissing(_))),
            "{end}: {result:?}"
        );
    }
}
