//! What a component without the standard library needs to exist, and the one
//! place with `unsafe` in it.

#![expect(unsafe_code, reason = "the component ABI and the linker are spoken to here and nowhere else")]

use alloc::alloc::{GlobalAlloc, Layout, alloc, handle_alloc_error, realloc};
use core::arch::wasm32::{memory_grow, unreachable};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use dlmalloc::{Allocator, Dlmalloc};

/// Bytes that memory grows by at least.
const STEP: usize = 512 << 10;
/// Bytes of a page of WebAssembly memory.
const PAGE: usize = 64 << 10;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages::new())));

/// dlmalloc over [`Pages`].
struct Heap(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: a component has one thread.
unsafe impl Sync for Heap {}

// SAFETY: dlmalloc keeps the contract of an allocator. One thread runs, and
// dlmalloc calls nothing that allocates, so there is one reference at a time.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: see above; the caller says that `memory` came from here.
        unsafe { (*self.0.get()).free(memory, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: see above; the caller says that `memory` came from here.
        unsafe { (*self.0.get()).realloc(memory, layout.size(), layout.align(), size) }
    }
}

/// Where the heap gets its memory: first what the component was born with
/// (`--initial-heap`, a linker argument of the build script), which is enough for most calls. To grow is
/// dear: the host asks the kernel for it, and takes it back after each call.
struct Pages {
    born_with_used: AtomicBool,
}

impl Pages {
    const fn new() -> Self {
        Self { born_with_used: AtomicBool::new(false) }
    }
}

unsafe extern "C" {
    /// Where the linker lets the heap begin and end at birth. Only their
    /// addresses mean something.
    static __heap_base: u8;
    static __heap_end: u8;
}

// SAFETY: each region is handed out once and is of zeros: what lies between the
// linker's symbols belongs to nobody else, and what was grown is new.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if !self.born_with_used.swap(true, Ordering::Relaxed) {
            let base = &raw const __heap_base;
            let length = (&raw const __heap_end).addr().saturating_sub(base.addr());
            if length >= size {
                return (base.cast_mut(), length, 0);
            }
        }
        // The last step may be too much where a little more would do.
        [size.max(STEP), size].into_iter().find_map(grown).unwrap_or((ptr::null_mut(), 0, 0))
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// New memory of at least so many bytes.
fn grown(size: usize) -> Option<(*mut u8, usize, u32)> {
    let pages = size.div_ceil(PAGE);
    let base = match memory_grow(0, pages) {
        usize::MAX => return None,
        page => page * PAGE,
    };
    let length = pages * PAGE;
    // No region may end where addresses begin again.
    let length = if base.checked_add(length).is_none() { length - 16 } else { length };
    Some((ptr::with_exposed_provenance_mut(base), length, 0))
}

/// A panic becomes a trap. Its text could hold data of a person, so it is not
/// even looked at.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unreachable()
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
        unreachable();
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
