//! What `std` would bring, and with it ten more imports.
#![expect(unsafe_code, reason = "the ABI of components asks for it")]

use alloc::alloc::{Layout, alloc, realloc};
use core::{arch::wasm32, panic::PanicInfo, ptr};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The manifest once more, to be read without running the component. Not
/// `#[used]`: that would keep a third copy in the data.
#[expect(dead_code, reason = "it is for hosts")]
#[unsafe(link_section = "workflow-node:manifest")]
static SECTION: [u8; crate::MANIFEST.len()] = *include_bytes!("../manifest.json");

// For `memcpy` and its like.
#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

/// Through this the host gets memory for what it passes in.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    // SAFETY: the host passes a power of two as `align`, and as `old` and
    // `old_len` what an earlier call returned and was asked for.
    let new = unsafe {
        match (old_len, new_len) {
            (0, 0) => return ptr::without_provenance_mut(align),
            (0, _) => alloc(Layout::from_size_align_unchecked(new_len, align)),
            _ => realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len),
        }
    };
    if new.is_null() {
        wasm32::unreachable()
    }
    new
}
