//! The JSON of tokens (RFC 8259), read into values that a [`Build`] makes.
//!
//! Stricter than most readers, and bounded: step 3 of `verify_token` in the engine contract.

use std::borrow::Cow;

mod plain;
mod tree;

pub use tree::{Tree, Value, last};

pub const MAX_DEPTH: usize = 64;
pub const MAX_INTEGER_LENGTH: usize = 4_300;

/// Makes the values. `None` from any method rejects the whole text.
pub trait Build {
    type Value;
    type Array;
    type Object;

    fn null(&mut self) -> Option<Self::Value>;
    fn bool(&mut self, value: bool) -> Option<Self::Value>;
    fn integer(&mut self, value: i64) -> Option<Self::Value>;
    /// `literal` is an integer beyond 64 bits, of up to [`MAX_INTEGER_LENGTH`] characters.
    fn long_integer(&mut self, literal: &str) -> Option<Self::Value>;
    fn float(&mut self, value: f64) -> Option<Self::Value>;
    /// `value` is UTF-8.
    fn string(&mut self, value: &[u8]) -> Option<Self::Value>;

    fn array(&mut self) -> Self::Array;
    fn push(&mut self, array: &mut Self::Array, value: Self::Value) -> Option<()>;
    fn close_array(&mut self, array: Self::Array) -> Option<Self::Value>;

    fn object(&mut self) -> Self::Object;
    /// The last of duplicate keys counts. Keys are UTF-8.
    fn insert(&mut self, object: &mut Self::Object, key: &[u8], value: Self::Value) -> Option<()>;
    fn close_object(&mut self, object: Self::Object) -> Self::Value;
}

/// The properties of a value that the rules for claims need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    /// Saturated to 64 bits.
    Integer(i64),
    Float(f64),
    String {
        is_empty: bool,
    },
    Array {
        is_empty: bool,
    },
    Object {
        is_empty: bool,
    },
}

/// Read `text`, one JSON object, with `build`; `member` is called with the key and kind of each member of that object.
pub fn read_object<B: Build>(text: &[u8], build: &mut B, member: impl FnMut(&[u8], Kind)) -> Option<B::Object> {
    let text = std::str::from_utf8(text).ok()?;
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, build };
    reader.skip_white_space();
    reader.expect(b'{')?;
    let (object, _) = reader.object(1, member)?;
    reader.skip_white_space();
    (reader.at == text.len()).then_some(object)
}

struct Reader<'t, 'b, B> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    build: &'b mut B,
}

impl<'t, B: Build> Reader<'t, '_, B> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn expect_word(&mut self, word: &str) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<(B::Value, Kind)> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string_value()
            }
            b'{' => {
                self.at += 1;
                let (object, is_empty) = self.object(depth + 1, |_, _| ())?;
                Some((self.build.close_object(object), Kind::Object { is_empty }))
            }
            b'[' => {
                self.at += 1;
                self.array(depth + 1)
            }
            b't' => {
                self.expect_word("true")?;
                Some((self.build.bool(true)?, Kind::Bool(true)))
            }
            b'f' => {
                self.expect_word("false")?;
                Some((self.build.bool(false)?, Kind::Bool(false)))
            }
            b'n' => {
                self.expect_word("null")?;
                Some((self.build.null()?, Kind::Null))
            }
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize, mut member: impl FnMut(&[u8], Kind)) -> Option<(B::Object, bool)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut object = self.build.object();
        self.skip_white_space();
        if self.take(b'}') {
            return Some((object, true));
        }
        loop {
            self.skip_white_space();
            self.expect(b'"')?;
            let key = self.string()?;
            self.skip_white_space();
            self.expect(b':')?;
            self.skip_white_space();
            let (value, kind) = self.value(depth)?;
            self.build.insert(&mut object, &key, value)?;
            member(&key, kind);
            self.skip_white_space();
            match self.next()? {
                b',' => {}
                b'}' => return Some((object, false)),
                _ => return None,
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<(B::Value, Kind)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut array = self.build.array();
        self.skip_white_space();
        if self.take(b']') {
            return Some((self.build.close_array(array)?, Kind::Array { is_empty: true }));
        }
        loop {
            self.skip_white_space();
            let (value, _) = if self.take(b'"') { self.string_value()? } else { self.value(depth)? };
            self.build.push(&mut array, value)?;
            self.skip_white_space();
            match self.next()? {
                b',' => {}
                b']' => return Some((self.build.close_array(array)?, Kind::Array { is_empty: false })),
                _ => return None,
            }
        }
    }

    fn string_value(&mut self) -> Option<(B::Value, Kind)> {
        let string = self.string()?;
        let is_empty = string.is_empty();
        Some((self.build.string(&string)?, Kind::String { is_empty }))
    }

    /// The string whose opening quote has been read.
    #[inline]
    fn string(&mut self) -> Option<Cow<'t, [u8]>> {
        let rest = &self.bytes[self.at..];
        let length = plain::length(rest);
        if rest.get(length) == Some(&b'"') {
            self.at += length + 1;
            return Some(Cow::Borrowed(&rest[..length]));
        }
        self.string_with_escapes()
    }

    #[cold]
    fn string_with_escapes(&mut self) -> Option<Cow<'t, [u8]>> {
        let mut string = Vec::new();
        loop {
            let rest = &self.bytes[self.at..];
            let length = plain::length(rest);
            string.extend_from_slice(&rest[..length]);
            self.at += length;
            match self.next()? {
                b'"' => return Some(Cow::Owned(string)),
                b'\\' => {
                    let character = self.escaped_character()?;
                    string.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => return None,
            }
        }
    }

    fn escaped_character(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.utf16_character(),
            _ => return None,
        })
    }

    /// The character of `XXXX`, or of `XXXX\uXXXX` for a surrogate pair; a lone surrogate is rejected.
    fn utf16_character(&mut self) -> Option<char> {
        let unit = self.four_hex_digits()?;
        if !(0xD800..0xE000).contains(&unit) {
            return char::from_u32(unit);
        }
        self.expect_word("\\u")?;
        let low = self.four_hex_digits()?;
        if unit >= 0xDC00 || !(0xDC00..0xE000).contains(&low) {
            return None;
        }
        char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
    }

    fn four_hex_digits(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            value = value * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(value)
    }

    fn number(&mut self) -> Option<(B::Value, Kind)> {
        let start = self.at;
        let negative = self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return self.float(start);
        }
        let literal = &self.text[start..self.at];
        if literal.len() > MAX_INTEGER_LENGTH {
            return None;
        }
        if let Ok(value) = literal.parse() {
            return Some((self.build.integer(value)?, Kind::Integer(value)));
        }
        let saturated = if negative { i64::MIN } else { i64::MAX };
        Some((self.build.long_integer(literal)?, Kind::Integer(saturated)))
    }

    /// The number that starts at `start` and continues with a fraction or an exponent.
    fn float(&mut self, start: usize) -> Option<(B::Value, Kind)> {
        if self.take(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let value: f64 = self.text[start..self.at].parse().ok()?;
        value.is_finite().then_some((self.build.float(value)?, Kind::Float(value)))
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, Value)>> {
        read_object(text.as_bytes(), &mut Tree, |_, _| ())
    }

    fn value(text: &str) -> Option<Value> {
        let object = read(&format!("{{\"v\":{text}}}"))?;
        last(&object, "v").cloned()
    }

    #[test]
    fn values_of_every_kind_are_read() {
        assert_eq!(value("null"), Some(Value::Null));
        assert_eq!(value(" true "), Some(Value::Bool(true)));
        assert_eq!(value("-0"), Some(Value::Integer(0)));
        assert_eq!(value("12.5e-1"), Some(Value::Float(1.25)));
        assert!(value("[1,[ ],{}]").is_some());
        assert_eq!(value(r#""a\u00e9\ud83d\ude00\n""#), Some(Value::String("aé😀\n".into())));
    }

    #[test]
    fn malformed_texts_are_rejected() {
        for text in [
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "-1e400",
            "tru",
            "'a'",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"a",
            "\"\t\"",
            "[1,]",
            "[1 2]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "[",
            "]",
            "",
            "\u{feff}1",
        ] {
            assert_eq!(value(text), None, "{text:?}");
        }
        for text in ["", "[]", "1", "{}x", "{} {}", "\u{feff}{}", "\u{a0}{}"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read_object(b"{\"a\":\"\xff\"}", &mut Tree, |_, _| ()), None);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(value(&nested(MAX_DEPTH - 1)).is_some());
        assert!(value(&nested(MAX_DEPTH)).is_none());
        assert!(value(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn integers_are_bounded_and_kinds_saturate() {
        assert!(value(&"9".repeat(MAX_INTEGER_LENGTH)).is_some());
        assert!(value(&"9".repeat(MAX_INTEGER_LENGTH + 1)).is_none());
        assert_eq!(value("9223372036854775807"), Some(Value::Integer(i64::MAX)));
        assert_eq!(value("9223372036854775808"), Some(Value::LongInteger("9223372036854775808".into())));
        let mut kinds = Vec::new();
        let text = br#"{"a":99999999999999999999,"b":-99999999999999999999,"c":7}"#;
        assert!(read_object(text, &mut Tree, |_, kind| kinds.push(kind)).is_some());
        assert_eq!(kinds, [Kind::Integer(i64::MAX), Kind::Integer(i64::MIN), Kind::Integer(7)]);
    }
}
