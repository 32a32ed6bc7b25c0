//! Secrets and keys are wiped from memory before it is freed.
//!
//! Freed memory cannot be read, so the allocator of these tests reads each block before it frees it.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::mpsc::{Sender, channel};

use fastware_core::keys::with_key;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

struct Watching;

thread_local! {
    static WATCHED: Cell<Option<Watched>> = const { Cell::new(None) };
    /// Freed blocks that held a watched value.
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

/// The first bytes of the secret, and of the SHA-256 states after the two pads of its key.
type Watched = [[u8; 16]; 3];

// SAFETY: every call is passed on to the system's allocator unchanged. The blocks that are read are complete and not
// freed yet. `alloc_zeroed` and `realloc` are the trait's own, which call the two methods here.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the system's allocator requires. Zeroed, because memory that was
        // never written may not be read.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the block was allocated with this layout, zeroed, and is not freed before the next line.
        let block = unsafe { std::slice::from_raw_parts(start, layout.size()) };
        if let Ok(Some(watched)) = WATCHED.try_with(Cell::get)
            && block.windows(16).any(|bytes| watched.iter().any(|wanted| bytes == wanted))
        {
            let _ = FOUND.try_with(|found| found.set(found.get() + 1));
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(start, layout) }
    }
}

/// The number of blocks that `work` frees with a part of `secret`, or of its key, in them.
fn freed_with(secret: &[u8], work: impl FnOnce()) -> usize {
    WATCHED.set(Some(watched(secret)));
    FOUND.set(0);
    work();
    WATCHED.set(None);
    FOUND.get()
}

fn watched(secret: &[u8]) -> Watched {
    [*secret.first_chunk().expect("long enough"), state(secret, 0x36), state(secret, 0x5c)]
}

/// The first half of a state, in memory order.
fn state(secret: &[u8], pad: u8) -> [u8; 16] {
    let digest = Sha256::digest(secret);
    let key = if secret.len() > 64 { &digest[..] } else { secret };
    let mut block = [pad; 64];
    block.iter_mut().zip(key).for_each(|(byte, secret)| *byte ^= secret);
    let mut state =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19_u32];
    compress256(&mut state, &[block]);
    let mut bytes = [0; 16];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_ne_bytes();
    }
    bytes
}

fn secret(number: u8) -> [u8; 40] {
    std::array::from_fn(|at| number ^ u8::try_from(at * 5 + 1).expect("small"))
}

fn sign(secret: &[u8]) {
    with_key(secret, |key| assert_ne!(key.expect("usable").sign(b"x"), [0; 32]));
}

#[test]
fn allocator_finds_copies_that_are_not_wiped() {
    let (secret, inner) = (secret(1), state(&secret(1), 0x36));
    assert_eq!(freed_with(&secret, || drop(secret.to_vec())), 1);
    assert_eq!(freed_with(&secret, || drop(inner.to_vec())), 1);
    let mut moved = secret.to_vec();
    assert_eq!(freed_with(&secret, || moved.reserve(10_000)), 1, "a block that grows leaves a copy");
    assert_eq!(freed_with(&secret, || drop(vec![0_u8; 100])), 0);
}

#[test]
fn replaced_secret_is_wiped() {
    for wanted in 0..8 {
        let freed = freed_with(&secret(wanted), || {
            for number in 0..32 {
                sign(&secret(number));
                sign(&secret(number / 2));
            }
        });
        assert_eq!(freed, 0);
    }
}

/// Reports the number of copies that were found in a thread when the thread ends.
struct Report(Sender<usize>);

impl Drop for Report {
    fn drop(&mut self) {
        let _ = self.0.send(FOUND.get());
    }
}

thread_local! {
    static REPORT: Cell<Option<Report>> = const { Cell::new(None) };
    static COPY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[test]
fn secrets_of_a_thread_are_wiped_when_it_ends() {
    for leaves_a_copy in [false, true] {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || {
            // Thread locals are dropped in reverse order, so this one reports after the others are dropped.
            REPORT.set(Some(Report(sender)));
            let secret = secret(1);
            sign(&secret);
            if leaves_a_copy {
                COPY.set(secret.to_vec());
            }
            WATCHED.set(Some(watched(&secret)));
        });
        thread.join().expect("no panic");
        assert_eq!(receiver.recv(), Ok(usize::from(leaves_a_copy)));
    }
}

#[test]
fn secrets_with_nuls_and_long_ones_are_wiped() {
    // The check copies a secret with NULs, and a long one is hashed.
    let mut with_nuls = [b'n'; 300];
    with_nuls.iter_mut().skip(16).step_by(7).for_each(|byte| *byte = 0);
    assert_eq!(freed_with(&with_nuls, || sign(&with_nuls)), 0);
    for length in [64, 65, 1_024, 1_025, 100_000] {
        let long: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).expect("small")).collect();
        assert_eq!(freed_with(&long, || sign(&long)), 0, "{length}");
    }
}

#[test]
fn unusable_secrets_are_not_kept() {
    let unusable = b"{\"kty\":\"oct\",\0\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    let freed = freed_with(unusable, || with_key(unusable, |key| assert!(key.is_none())));
    assert_eq!(freed, 0);
}
