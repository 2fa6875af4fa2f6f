//! Where neither secret nor token enters the sandbox, neither is anywhere in the
//! guest's memory.
//!
//! The engine takes its memories from [`Watched`], which keeps a copy of each one
//! as it was at the end of its call. Nothing in a guest's memory is ever
//! overwritten for being freed, so what was there once is found.
#![expect(unsafe_code, reason = "wasmtime's memory creators are unsafe to write")]

use std::sync::atomic::AtomicU8;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, NodeHost};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, component, fields, item};

const TOKEN: &str = "tok-very-secret-0815";

/// Makes memories and keeps what was in them.
#[derive(Default)]
struct Watched {
    ended: Arc<Mutex<Vec<Vec<u8>>>>,
}

struct WatchedMemory {
    /// Atomic, because they are written through a pointer from a shared reference.
    bytes: Vec<AtomicU8>,
    size: usize,
    ended: Arc<Mutex<Vec<Vec<u8>>>>,
}

// SAFETY: `bytes` is never shorter than `size`, zeroed beyond what was written,
// and replaced only in `grow_to`, whose caller asks for the address again.
unsafe impl LinearMemory for WatchedMemory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.bytes.len()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > self.bytes.len() {
            self.bytes.resize_with(new_size, AtomicU8::default);
        }
        self.size = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.bytes.as_ptr().cast::<u8>().cast_mut()
    }
}

impl Drop for WatchedMemory {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes).into_iter().map(AtomicU8::into_inner).collect();
        self.ended.lock().expect("lock").push(bytes);
    }
}

// SAFETY: see `WatchedMemory`. The engine of these tests reserves nothing and
// guards nothing, so there is nothing else to promise.
unsafe impl MemoryCreator for Watched {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        assert_eq!((reserved.unwrap_or(0), guard), (0, 0), "this creator reserves and guards nothing");
        let ended = Arc::clone(&self.ended);
        let mut memory = WatchedMemory { bytes: Vec::new(), size: 0, ended };
        memory.grow_to(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

/// The memories of every call of a connection's life: making it, logging in,
/// asking for something with the token, failing, checking.
async fn memories(auth: AuthMode) -> Vec<Vec<u8>> {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" if request.body.contains(SECRET) => {
            ok(&json!({ "access_token": TOKEN, "expires_in": 3600 }).to_string())
        }
        "/guarded" if request.header("authorization") == Some(&format!("Bearer {TOKEN}")) => ok("fine"),
        _ => Reply::Answer(401, String::new()),
    })
    .await;
    let watched = Watched::default();
    let ended = Arc::clone(&watched.ended);
    let host = NodeHost::builder().memory_creator(Arc::new(watched)).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let connection =
        node.connect(typed, ConnectionOptions { auth, ..ConnectionOptions::default() }).await.expect("made");
    let call = CallOptions::default();
    connection.authenticate(&call).await.expect("login");
    for operation in ["guarded", "told"] {
        connection.execute(operation, &[item(&json!({}))], None, &call).await.expect("done");
    }
    connection.execute("fail", &[item(&json!({}))], None, &call).await.expect_err("a failure");
    connection.check(&call).await.expect("report");
    assert_eq!(server.count("/guarded"), 1, "the token was good");
    let ended = ended.lock().expect("lock").clone();
    assert!(ended.len() >= 5, "{} calls", ended.len());
    ended
}

fn holds(memories: &[Vec<u8>], text: &str) -> bool {
    let found = |text: &[u8]| memories.iter().any(|memory| memchr::memmem::find(memory, text).is_some());
    found(text.as_bytes()) || found(STANDARD.encode(text).trim_end_matches('=').as_bytes())
}

#[tokio::test]
async fn a_component_that_logs_in_by_itself_holds_both() {
    let memories = memories(AuthMode::Component).await;
    // Else the two tests below would prove nothing.
    assert!(holds(&memories, SECRET) && holds(&memories, TOKEN));
}

#[tokio::test]
async fn by_recipe_neither_secret_nor_token_is_in_the_sandbox() {
    let memories = memories(AuthMode::Recipe).await;
    assert!(holds(&memories, "by recipe"), "the memories are those of the calls");
    assert!(!holds(&memories, SECRET) && !holds(&memories, TOKEN));
}

#[tokio::test]
async fn with_placeholders_neither_secret_nor_token_is_in_the_sandbox() {
    let memories = memories(AuthMode::Placeholder).await;
    assert!(holds(&memories, "placeholder-"), "the memories are those of the calls");
    assert!(!holds(&memories, SECRET) && !holds(&memories, TOKEN));
}
