//! What a component without the standard library needs to exist, and the one
//! place with `unsafe` in it.

#![expect(unsafe_code, reason = "the component ABI and the linker are spoken to here and nowhere else")]

use alloc::alloc::{Layout, alloc, handle_alloc_error, realloc};
use core::panic::PanicInfo;
use core::ptr;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// A panic becomes a trap. Its text could hold data of a person, so it is not
/// even looked at.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

// SAFETY: nothing is called through this block; it makes the linker search
// the C library for memcpy, memcmp and their like, which code without the
// standard library does not ask for by itself.
#[link(name = "c")]
unsafe extern "C" {}

/// Memory for what the host hands in (canonical ABI). The C library's own
/// version would be dropped by the linker.
///
/// # Safety
///
/// As the canonical ABI has it: `old_ptr` was given out by this function for
/// `old_len` bytes of this alignment, or `old_len` is 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old_ptr: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        return ptr::without_provenance_mut(align);
    }
    let Ok(layout) = Layout::from_size_align(new_len, align) else {
        core::arch::wasm32::unreachable();
    };
    let memory = if old_len == 0 {
        // SAFETY: the size is not zero.
        unsafe { alloc(layout) }
    } else {
        // SAFETY: the caller keeps the contract above; the alignment was
        // checked, and the size is not zero.
        unsafe { realloc(old_ptr, Layout::from_size_align_unchecked(old_len, align), new_len) }
    };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory
}
