//! The macros that make a component of a node.

/// Exports a node: a function that returns a [`builder::Node`](crate::builder::Node), or
/// `type` and a type with a default that implements the [`traits`](crate::traits).
///
/// The features of this crate choose the optional interfaces. Outside of WebAssembly
/// it does nothing, so that the node can be tested natively.
#[macro_export]
macro_rules! export {
    (type $node:ty) => {
        $crate::export!(@source $node, <$node>::default());
    };
    // A type that implements the generated traits of `bindings` itself, to do what no
    // well-behaved node does.
    (raw $node:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::export!($node with_types_in $crate::bindings);
    };
    (@source $node:ty, $make:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Source;
            impl $crate::traits::Source for Source {
                type Node = $node;
                fn node() -> $node {
                    $make
                }
            }
            type Exported = $crate::export::Component<Source>;
            $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
    ($node:path) => {
        $crate::export!(@source $crate::builder::Node, $node());
    };
}

/// Puts a manifest into the custom section `workflow-node:manifest`, where a host
/// finds it without running anything: `manifest_section!(include_bytes!("manifest.json"))`.
///
/// A node of the builder does without: `host-test pack` writes its section.
#[macro_export]
macro_rules! manifest_section {
    ($bytes:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // Not `#[used]`: that would keep a second copy in the data of the module.
            #[allow(
                unsafe_code,
                reason = "naming a section counts as unsafe; this one is read by hosts only"
            )]
            #[allow(dead_code, reason = "it is for hosts")]
            #[unsafe(link_section = "workflow-node:manifest")]
            static MANIFEST: [u8; $bytes.len()] = *$bytes;
        };
    };
}
