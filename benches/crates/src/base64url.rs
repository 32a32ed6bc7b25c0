//! base64url without padding (RFC 4648 section 5), into a buffer that is there.

use std::cell::RefCell;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use base64_simd::AsOut;
use base64ct::{Base64UrlUnpadded, Encoding};
use data_encoding::BASE64URL_NOPAD;

use crate::table::Table;

/// Writes into the buffer, which has just the right length where the input is right.
type Decode = fn(&[u8], &mut [u8]) -> bool;
type Encode = fn(&[u8], &mut [u8]);

const DECODERS: [(&str, Decode); 5] = [
    ("by hand: four tables of u32", by_hand::decode),
    ("data-encoding", |text, out| {
        BASE64URL_NOPAD.decode_len(text.len()) == Ok(out.len()) && BASE64URL_NOPAD.decode_mut(text, out).is_ok()
    }),
    ("base64, canonical engine", |text, out| CANONICAL.decode_slice(text, out).is_ok()),
    ("base64-simd", |text, out| {
        let base64url = base64_simd::URL_SAFE_NO_PAD;
        base64url.decoded_length(text).is_ok_and(|length| length == out.len())
            && base64url.decode(text, out.as_out()).is_ok()
    }),
    ("base64ct", |text, out| Base64UrlUnpadded::decode(text, out).is_ok()),
];

const ENCODERS: [(&str, Encode); 5] = [
    ("by hand: a table of 64 letters", by_hand::encode),
    ("data-encoding", |data, out| BASE64URL_NOPAD.encode_mut(data, out)),
    ("base64, canonical engine", |data, out| {
        CANONICAL.encode_slice(data, out).expect("room");
    }),
    ("base64-simd", |data, out| {
        let _ = base64_simd::URL_SAFE_NO_PAD.encode(data, out.as_out());
    }),
    ("base64ct", |data, out| {
        Base64UrlUnpadded::encode(data, out).expect("room");
    }),
];

const CANONICAL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

pub fn measure() {
    strictness();
    for length in [32, 67, 4_125] {
        let data: Vec<u8> = (0..length).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let text = BASE64URL_NOPAD.encode(&data).into_bytes();
        decoding(&text, &data);
        encoding(&data, &text);
    }
}

/// Which of the spellings of one byte that are not its one canonical spelling each decoder refuses.
#[allow(clippy::print_stdout)]
fn strictness() {
    const OTHERS: [&str; 7] = ["Zh", "Zg==", "Zg=", "Zg\n", "Zg.A", "Z+8", "Z/8"];
    println!("\n| accepted though not canonical | of {OTHERS:?} |\n|---|---|");
    for (name, decode) in DECODERS {
        let accepts = |text: &&&str| (1..4).any(|length| decode(text.as_bytes(), &mut vec![0; length]));
        println!("| {name} | {:?} |", OTHERS.iter().filter(accepts).collect::<Vec<_>>());
    }
}

fn decoding(text: &[u8], data: &[u8]) {
    let mut table = Table::new(format!("{} characters decoded", text.len()), text, true);
    for (name, decode) in DECODERS {
        let mut buffer = vec![0; data.len()];
        assert!(decode(text, &mut buffer) && buffer == data, "{name}");
        let buffer = RefCell::new(buffer);
        table = table.add(name, move |text| decode(text, &mut buffer.borrow_mut()));
    }
    table.print();
}

fn encoding(data: &[u8], text: &[u8]) {
    let mut table = Table::new(format!("{} characters encoded", text.len()), data, ());
    for (name, encode) in ENCODERS {
        let mut buffer = vec![0; text.len()];
        encode(data, &mut buffer);
        assert!(buffer == text, "{name}");
        let buffer = RefCell::new(buffer);
        table = table.add(name, move |data| encode(data, &mut buffer.borrow_mut()));
    }
    table.print();
}

/// What takes a page of safe Rust.
mod by_hand {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const STRAY: u32 = 1 << 31;

    /// The value of a letter at each of the four places of a quantum.
    static VALUES: [[u32; 256]; 4] = [values(18), values(12), values(6), values(0)];

    const fn values(shift: u32) -> [u32; 256] {
        let mut values = [STRAY; 256];
        let mut value = 0_u32;
        while value < 64 {
            values[LETTERS[value as usize] as usize] = value << shift;
            value += 1;
        }
        values
    }

    fn quantum(letters: [u8; 4]) -> u32 {
        let [a, b, c, d] = letters.map(usize::from);
        VALUES[0][a] | VALUES[1][b] | VALUES[2][c] | VALUES[3][d]
    }

    pub fn decode(text: &[u8], out: &mut [u8]) -> bool {
        let (quanta, rest) = text.as_chunks::<4>();
        let (triples, tail) = out.as_chunks_mut::<3>();
        if quanta.len() != triples.len() || rest.len() != [0, 2, 3][tail.len()] {
            return false;
        }
        let mut stray = 0;
        for (letters, triple) in quanta.iter().zip(triples) {
            let bits = quantum(*letters);
            stray |= bits;
            let [_, bytes @ ..] = bits.to_be_bytes();
            *triple = bytes;
        }
        let mut last = [b'A'; 4];
        last[..rest.len()].copy_from_slice(rest);
        let bits = quantum(last);
        let [_, bytes @ ..] = bits.to_be_bytes();
        tail.copy_from_slice(&bytes[..tail.len()]);
        (stray | bits) & STRAY == 0 && bytes[tail.len()..].iter().all(|byte| *byte == 0)
    }

    pub fn encode(data: &[u8], out: &mut [u8]) {
        let letter = |bits: u32, shift: u32| LETTERS[(bits >> shift) as usize % 64];
        let spell = |bits| [letter(bits, 18), letter(bits, 12), letter(bits, 6), letter(bits, 0)];
        let (triples, tail) = data.as_chunks::<3>();
        let (quanta, rest) = out.as_chunks_mut::<4>();
        for ([a, b, c], letters) in triples.iter().zip(quanta) {
            *letters = spell(u32::from_be_bytes([0, *a, *b, *c]));
        }
        let mut last = [0; 4];
        last[1..=tail.len()].copy_from_slice(tail);
        let length = rest.len();
        rest.copy_from_slice(&spell(u32::from_be_bytes(last))[..length]);
    }
}
