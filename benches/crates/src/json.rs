//! JSON read into a sink of events, or into a tree or tape over which the sink is then led.

use std::cell::RefCell;
use std::fmt;

use fastware_core::json::{Build, read_object};
use jiter::{Jiter, JsonValue, NumberAny, NumberInt, Peek};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use simd_json::{Buffers, Node, StaticNode};

use crate::json_texts;
use crate::table::Table;

/// What the sink has seen: enough to tell a reader that missed something.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// Keys too.
    strings: usize,
    string_bytes: usize,
    integers: i64,
    others: usize,
}

pub fn measure() {
    let large = json_texts::large();
    for text in [json_texts::FLAT, &large] {
        table(text.as_bytes());
    }
}

fn table(text: &[u8]) {
    let buffers = RefCell::new(Buffers::new(text.len()));
    Table::new(format!("JSON of {} bytes", text.len()), text, own(text))
        .add("our own, events", own)
        .add("jiter, events", jiter_events)
        .add("jiter, JsonValue", jiter_tree)
        .add("serde_json, visitor", |text| serde(&mut serde_json::Deserializer::from_slice(text)))
        .add("serde_json, Value", |text| tree(&serde_json::from_slice(text).expect("JSON")))
        .add("sonic-rs, visitor", |text| serde(&mut sonic_rs::Deserializer::from_slice(text)))
        .add("sonic-rs, Value", sonic_tree)
        .add("simd-json, tape, buffers kept", move |text| simd_tape(text, &mut buffers.borrow_mut()))
        .print();
}

impl Seen {
    fn string(&mut self, string: &str) {
        self.bytes(string.as_bytes());
    }

    fn bytes(&mut self, string: &[u8]) {
        self.strings += 1;
        self.string_bytes += string.len();
    }

    fn integer(&mut self, integer: i64) {
        self.integers = self.integers.wrapping_add(integer);
    }
}

fn own(text: &[u8]) -> Seen {
    let mut seen = Seen::default();
    read_object(text, &mut seen, |_, _| ()).expect("JSON");
    seen
}

impl Build for Seen {
    type Value = ();
    type Array = ();
    type Object = ();

    fn null(&mut self) -> Option<()> {
        self.others += 1;
        Some(())
    }

    fn bool(&mut self, _: bool) -> Option<()> {
        self.others += 1;
        Some(())
    }

    fn integer(&mut self, value: i64) -> Option<()> {
        self.integer(value);
        Some(())
    }

    fn long_integer(&mut self, _: &str) -> Option<()> {
        self.others += 1;
        Some(())
    }

    fn float(&mut self, _: f64) -> Option<()> {
        self.others += 1;
        Some(())
    }

    fn string(&mut self, value: &[u8]) -> Option<()> {
        self.bytes(value);
        Some(())
    }

    fn array(&mut self) {}

    fn push(&mut self, (): &mut (), (): ()) -> Option<()> {
        Some(())
    }

    fn close_array(&mut self, (): ()) -> Option<()> {
        Some(())
    }

    fn object(&mut self) {}

    fn insert(&mut self, (): &mut (), key: &[u8], (): ()) -> Option<()> {
        self.bytes(key);
        Some(())
    }

    fn close_object(&mut self, (): ()) {}
}

fn jiter_events(text: &[u8]) -> Seen {
    fn value(json: &mut Jiter, peek: Peek, seen: &mut Seen) -> jiter::JiterResult<()> {
        match peek {
            Peek::String => seen.string(json.known_str()?),
            Peek::Array => {
                let mut next = json.known_array()?;
                while let Some(peek) = next {
                    value(json, peek, seen)?;
                    next = json.array_step()?;
                }
            }
            Peek::Object => {
                let mut next = json.known_object()?.map(|key| seen.string(key));
                while next.is_some() {
                    let peek = json.peek()?;
                    value(json, peek, seen)?;
                    next = json.next_key()?.map(|key| seen.string(key));
                }
            }
            Peek::True | Peek::False => {
                json.known_bool(peek)?;
                seen.others += 1;
            }
            Peek::Null => {
                json.known_null()?;
                seen.others += 1;
            }
            _ => match json.known_number(peek)? {
                NumberAny::Int(NumberInt::Int(integer)) => seen.integer(integer),
                NumberAny::Float(_) => seen.others += 1,
            },
        }
        Ok(())
    }
    let mut json = Jiter::new(text);
    let mut seen = Seen::default();
    let peek = json.peek().expect("JSON");
    value(&mut json, peek, &mut seen).expect("JSON");
    json.finish().expect("no more");
    seen
}

fn jiter_tree(text: &[u8]) -> Seen {
    fn value(json: &JsonValue, seen: &mut Seen) {
        match json {
            JsonValue::Str(string) => seen.string(string),
            JsonValue::Int(integer) => seen.integer(*integer),
            JsonValue::Array(array) => array.iter().for_each(|item| value(item, seen)),
            JsonValue::Object(object) => {
                for (key, member) in object.iter() {
                    seen.string(key);
                    value(member, seen);
                }
            }
            _ => seen.others += 1,
        }
    }
    let mut seen = Seen::default();
    value(&JsonValue::parse(text, false).expect("JSON"), &mut seen);
    seen
}

fn serde<'de, D: Deserializer<'de>>(json: D) -> Seen {
    let mut seen = Seen::default();
    Sink(&mut seen).deserialize(json).map_err(|error| error.to_string()).expect("JSON");
    seen
}

struct Sink<'s>(&'s mut Seen);

impl<'de> DeserializeSeed<'de> for Sink<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sink<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.others += 1;
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.0.others += 1;
        Ok(())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        self.0.integer(integer);
        Ok(())
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        self.0.integer(i64::try_from(integer).map_err(E::custom)?);
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.0.others += 1;
        Ok(())
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<(), E> {
        self.0.string(string);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(Sink(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while object.next_key_seed(Sink(&mut *self.0))?.is_some() {
            object.next_value_seed(Sink(&mut *self.0))?;
        }
        Ok(())
    }
}

fn tree(json: &serde_json::Value) -> Seen {
    serde(json)
}

fn sonic_tree(text: &[u8]) -> Seen {
    let value: sonic_rs::Value = sonic_rs::from_slice(text).expect("JSON");
    serde(&value)
}

/// simd-json writes into its input, so that it needs a copy of its own.
fn simd_tape(text: &[u8], buffers: &mut Buffers) -> Seen {
    let mut text = text.to_vec();
    let tape = simd_json::to_tape_with_buffers(&mut text, buffers).expect("JSON");
    let mut seen = Seen::default();
    for node in &tape.0 {
        match node {
            Node::String(string) => seen.string(string),
            Node::Static(StaticNode::I64(integer)) => seen.integer(*integer),
            Node::Static(StaticNode::U64(integer)) => seen.integer(i64::try_from(*integer).expect("63 bits")),
            Node::Static(_) => seen.others += 1,
            Node::Object { .. } | Node::Array { .. } => (),
        }
    }
    seen
}
