//! Memories of guests that are kept, to be searched.
//!
//! The engine takes its memories from [`Watched`], which keeps a copy of each one
//! as it was at the end of its call. What a guest freed is still in it, unless
//! something else took the place.
#![expect(unsafe_code, reason = "wasmtime's memory creators are unsafe to write")]

use std::sync::atomic::AtomicU8;
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Makes memories and keeps what was in them.
#[derive(Default)]
pub(crate) struct Watched {
    ended: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Watched {
    /// What was in the memories of the calls that ended, now and later.
    pub(crate) fn ended(&self) -> Arc<Mutex<Vec<Vec<u8>>>> {
        Arc::clone(&self.ended)
    }
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
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
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

/// Bytes of a text that are enough to find it: an allocator overwrites the first
/// ones of what was freed.
const PIECE: usize = 8;

/// Whether a piece of one of these texts is in one of the memories, as it is or in
/// base64.
pub(crate) fn holds<T: AsRef<str>>(memories: &[Vec<u8>], texts: &[T]) -> bool {
    let pieces: Vec<Vec<u8>> = texts.iter().flat_map(|text| pieces(text.as_ref())).collect();
    let Ok(finder) = AhoCorasick::new(pieces) else { return true };
    memories.iter().any(|memory| finder.is_match(memory))
}

fn pieces(text: &str) -> Vec<Vec<u8>> {
    assert!(text.len() >= PIECE, "too short to be told from other text");
    // Whatever stands before it moves it by up to two bytes of the three that
    // become four letters.
    let in_base64 = (0..3).map(|before| {
        let letters = STANDARD.encode([&vec![0; before], text.as_bytes()].concat());
        letters.as_bytes().get(before + 1..letters.len() - 4).unwrap_or_default().to_vec()
    });
    let forms = in_base64.chain([text.as_bytes().to_vec()]);
    forms.flat_map(|form| form.chunks_exact(PIECE).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect()
}
