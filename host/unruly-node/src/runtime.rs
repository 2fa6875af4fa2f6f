//! What a component without `std` needs: an allocator, an end for panics, and
//! the function through which the host allocates.
#![expect(unsafe_code, reason = "the component ABI asks for raw memory")]

use alloc::alloc::{Layout, alloc, realloc};
use core::arch::wasm32;
use core::panic::PanicInfo;
use core::ptr;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[expect(dead_code, reason = "hosts read it out of the file")]
#[unsafe(link_section = "workflow-node:manifest")]
static SECTION: [u8; crate::MANIFEST.len()] = *include_bytes!("../manifest.json");

#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        return ptr::without_provenance_mut(align);
    }
    // SAFETY: by the ABI, `align` is a power of two and `old` is what an earlier
    // call returned for `old_len` and `align`.
    let memory = unsafe {
        if old_len == 0 {
            alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    };
    if memory.is_null() {
        wasm32::unreachable();
    }
    memory
}
