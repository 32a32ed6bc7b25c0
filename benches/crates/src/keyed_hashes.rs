//! Keyed hashes of short keys to 128 bits; of those that have 64, two under different keys.

use std::hash::{BuildHasher, Hasher};

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use ahash::RandomState;
use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use highway::{HighwayHash, HighwayHasher, Key};
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use siphasher::sip128::{Hasher128, SipHasher13, SipHasher24};

use crate::table::Table;

type Fingerprint = (u64, u64);

pub fn measure() {
    for key in ["203.0.113.7", "2001:db8:85a3:8d3:1319:8a2e:370:7348/128"] {
        table(key.as_bytes());
    }
}

fn table(key: &[u8]) {
    let sip13 = SipHasher13::new_with_keys(1, 2);
    let sip24 = SipHasher24::new_with_keys(1, 2);
    let ahash = [RandomState::with_seeds(1, 2, 3, 4), RandomState::with_seeds(5, 6, 7, 8)];
    let fold = [1, 2].map(|seed| SeedableRandomState::with_seed(seed, SharedSeed::global_random()));
    let rapid = [1, 2].map(RapidSecrets::seed);
    let xcbc = Xcbc::new([[1; 16], [2; 16], [3; 16]]);

    let is_spread = |(a, b): &Fingerprint| a != b && *a != 0;
    Table::checked(format!("128 bits of {} bytes", key.len()), key, is_spread)
        .add("siphasher, SipHash-1-3-128", move |key| sip128(sip13, key))
        .add("siphasher, SipHash-2-4-128", move |key| {
            let mut hasher = sip24;
            hasher.write(key);
            let hash = hasher.finish128();
            (hash.h1, hash.h2)
        })
        .add("highway, HighwayHash-128", |key| {
            let [a, b] = HighwayHasher::new(Key([1, 2, 3, 4])).hash128(key);
            (a, b)
        })
        .add("aes, AES-XCBC (RFC 3566)", move |key| xcbc.mac(key))
        .add("ahash, two of 64", move |key| twice(&ahash, key))
        .add("foldhash quality, two of 64", move |key| twice(&fold, key))
        .add("rapidhash v3, two of 64", move |key| {
            (rapidhash_v3_seeded(key, &rapid[0]), rapidhash_v3_seeded(key, &rapid[1]))
        })
        .print();
}

fn sip128(mut hasher: SipHasher13, key: &[u8]) -> Fingerprint {
    hasher.write(key);
    let hash = hasher.finish128();
    (hash.h1, hash.h2)
}

fn twice<S: BuildHasher>(states: &[S; 2], key: &[u8]) -> Fingerprint {
    let [a, b] = states.each_ref().map(|state| {
        let mut hasher = state.build_hasher();
        hasher.write(key);
        hasher.finish()
    });
    (a, b)
}

struct Xcbc {
    cipher: Aes128,
    whole_last: [u8; 16],
    padded_last: [u8; 16],
}

impl Xcbc {
    fn new([key, whole_last, padded_last]: [[u8; 16]; 3]) -> Self {
        Self { cipher: Aes128::new(&key.into()), whole_last, padded_last }
    }

    fn mac(&self, message: &[u8]) -> Fingerprint {
        let last = message.len().saturating_sub(1) / 16 * 16;
        let (blocks, rest) = message.split_at(last);
        let mut state = [0; 16];
        for block in blocks.as_chunks::<16>().0 {
            state = self.encrypt(xor(state, *block));
        }
        let mut block = [0; 16];
        block[..rest.len()].copy_from_slice(rest);
        let mask = if rest.len() == 16 { self.whole_last } else { self.padded_last };
        if let Some(byte) = block.get_mut(rest.len()) {
            *byte = 0x80;
        }
        let tag = self.encrypt(xor(xor(state, block), mask));
        let [a, b] = tag.as_chunks::<8>().0 else {
            unreachable!("a block is two words");
        };
        (u64::from_le_bytes(*a), u64::from_le_bytes(*b))
    }

    fn encrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = block.into();
        self.cipher.encrypt_block(&mut block);
        block.into()
    }
}

fn xor(a: [u8; 16], b: [u8; 16]) -> [u8; 16] {
    (u128::from_ne_bytes(a) ^ u128::from_ne_bytes(b)).to_ne_bytes()
}
