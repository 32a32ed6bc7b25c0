//! HMAC-SHA256 (RFC 2104) with a key of 32 bytes, its pads hashed each time or kept.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sha2::block_api::compress256;

use crate::table::Table;

const KEY: &[u8; 32] = b"8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-";

pub fn measure() {
    let message: Vec<u8> = (0..5 * 1024_u32).map(|index| b'a' + (index % 26) as u8).collect();
    for length in [127, 5 * 1024] {
        table(&message[..length]);
    }
}

fn table(message: &[u8]) {
    let keyed = Hmac::<Sha256>::new_from_slice(KEY).expect("a key of any length");
    let pads = Pads::new(KEY);
    let ring_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY);
    let aws_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, KEY);
    let small = hmac_sha256::HMAC::new(KEY);

    let mut right = keyed.clone();
    right.update(message);
    let right: [u8; 32] = right.finalize().into_bytes().into();

    Table::new(format!("HMAC-SHA256 of {} bytes", message.len()), message, right)
        .add("sha2 block function, pads kept by hand", move |message| pads.mac(message))
        .add("hmac + sha2, keyed instance cloned", move |message| {
            let mut mac = keyed.clone();
            mac.update(message);
            mac.finalize().into_bytes().into()
        })
        .add("hmac + sha2, key each time", |message| {
            let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("a key of any length");
            mac.update(message);
            mac.finalize().into_bytes().into()
        })
        .add("ring, key kept", move |message| array(ring::hmac::sign(&ring_key, message).as_ref()))
        .add("ring, key each time", |message| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY);
            array(ring::hmac::sign(&key, message).as_ref())
        })
        .add("aws-lc-rs, key kept", move |message| array(aws_lc_rs::hmac::sign(&aws_key, message).as_ref()))
        .add("aws-lc-rs, key each time", |message| {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, KEY);
            array(aws_lc_rs::hmac::sign(&key, message).as_ref())
        })
        .add("hmac-sha256, keyed instance cloned", move |message| {
            let mut mac = small.clone();
            mac.update(message);
            mac.finalize()
        })
        .add("hmac-sha256, key each time", |message| hmac_sha256::HMAC::mac(message, KEY))
        .print();
}

fn array(tag: &[u8]) -> [u8; 32] {
    tag.try_into().expect("32 bytes")
}

/// The states of SHA-256 after the inner and after the outer pad.
#[derive(Clone, Copy)]
struct Pads {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Pads {
    const BLOCK: usize = 64;
    /// FIPS 180-4 section 5.3.3.
    const INITIAL: [u32; 8] =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

    fn new(key: &[u8; 32]) -> Self {
        let state = |pad: u8| {
            let mut block = [pad; Self::BLOCK];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut state = Self::INITIAL;
            compress256(&mut state, &[block]);
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        let inner = after_pad(self.inner, message);
        bytes(after_pad(self.outer, &bytes(inner)))
    }
}

/// The last state of a hash that was in `state` after one block, and to which `message` is all that is added.
fn after_pad(mut state: [u32; 8], message: &[u8]) -> [u32; 8] {
    let (blocks, rest) = message.as_chunks::<{ Pads::BLOCK }>();
    compress256(&mut state, blocks);
    let bits = 8 * (Pads::BLOCK + message.len()) as u64;
    let mut last = [[0; Pads::BLOCK]; 2];
    last[0][..rest.len()].copy_from_slice(rest);
    last[0][rest.len()] = 0x80;
    let count = if rest.len() < Pads::BLOCK - 8 { 1 } else { 2 };
    last[count - 1][Pads::BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &last[..count]);
    state
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    bytes
}
