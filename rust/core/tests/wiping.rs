//! What the engine keeps of a secret is wiped when it goes: no block of memory is freed with a secret or a key in it.
//!
//! Freed memory may not be read, so the allocator of this test looks at each block before it lets it go.

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
    /// Freed blocks that held what is watched.
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

/// The secret's first bytes, and the states that the two pads of its key leave SHA-256 in.
type Watched = [[u8; 16]; 3];

// SAFETY: every call goes on to the system's allocator as it is. The blocks that are looked at are whole, and still the
// caller's; `alloc_zeroed` and `realloc` are those of the trait, in terms of the two.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the system's allocator asks for. Zeros are there to be looked at:
        // memory that was never written may not be read.
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

/// How many blocks are freed by `work` with something in them of `secret`, or of its key.
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

/// The first half of a state, as it lies in memory.
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
    with_key(secret, |key| assert_ne!(key.expect("fit").sign(b"x"), [0; 32]));
}

#[test]
fn the_allocator_sees_what_is_not_wiped() {
    let (secret, inner) = (secret(1), state(&secret(1), 0x36));
    assert_eq!(freed_with(&secret, || drop(secret.to_vec())), 1);
    assert_eq!(freed_with(&secret, || drop(inner.to_vec())), 1);
    let mut moved = secret.to_vec();
    assert_eq!(freed_with(&secret, || moved.reserve(10_000)), 1, "a block that grows leaves a copy behind");
    assert_eq!(freed_with(&secret, || drop(vec![0_u8; 100])), 0);
}

#[test]
fn a_secret_that_others_take_the_place_of_is_wiped() {
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

/// Says at the end of a thread what was found in it.
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
fn the_secrets_of_a_thread_are_wiped_when_it_ends() {
    for leaves_a_copy in [false, true] {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || {
            // What a thread was given first goes last. If it went sooner, the copy would not be found.
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
    // Those are looked through without their NULs, or hashed.
    let mut with_nuls = [b'n'; 300];
    with_nuls.iter_mut().skip(16).step_by(7).for_each(|byte| *byte = 0);
    assert_eq!(freed_with(&with_nuls, || sign(&with_nuls)), 0);
    for length in [64, 65, 1_024, 1_025, 100_000] {
        let long: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).expect("small")).collect();
        assert_eq!(freed_with(&long, || sign(&long)), 0, "{length}");
    }
}

#[test]
fn unfit_secrets_are_not_kept() {
    let unfit = b"{\"kty\":\"oct\",\0\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    let freed = freed_with(unfit, || with_key(unfit, |key| assert!(key.is_none())));
    assert_eq!(freed, 0);
}
