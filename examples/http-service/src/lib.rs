//! An HTTP service around a workflow node, for hosts that serve `wasi:http`
//! and know nothing of nodes: `wasmtime serve`, Spin, wasmCloud.
//!
//! It imports `workflow:node/flat` and exports `wasi:http/incoming-handler`;
//! composed with a node it is a complete program. README.md says how.

#[cfg(target_arch = "wasm32")]
mod service;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated from the contract")]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package example:http-service;
            world service {
                import workflow:node/flat@0.1.0;
            }
        ",
        generate_all,
    });
    pub(crate) use self::workflow::node::flat;
}
