//! JSON texts: `serde_json` checks the syntax, the strings and the floats; the limits of the contract are added.

use std::fmt;

use fastware_core::json::{self, Tree, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::bytes;

pub fn seeds() -> Vec<Vec<u8>> {
    let arrays = |depth: usize| [br#"{"a":"#, &b"[".repeat(depth)[..], &b"]".repeat(depth), b"}"].concat();
    let objects = |depth: usize| [&br#"{"a":"#.repeat(depth)[..], b"1", &b"}".repeat(depth)].concat();
    let integer = |length: usize| [br#"{"a":-"#, &b"7".repeat(length - 1)[..], b"}"].concat();
    bytes![
        br#"{"sub":"ada","n":[1,-2.5e3,null,true,{"a":"\u00e9\ud83d\ude00"}]}"#,
        br#"{"a":[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,-0]}"#,
        br#"{"a":[-0.0,5e-324,0.1e1,2.2250738585072011e-308,179769313486231580793728971405301199e273]}"#,
        br#"{"a":1,"a":2}"#,
        br#"{"a":1e309}"#,
        br#"{"a":"\ud800"}"#,
        b"{\"a\":\"\xff\"}",
        b" {\t\"a\" :\n[ ] }\r",
        b"[]",
        arrays(63),
        arrays(64),
        objects(64),
        objects(65),
        integer(4_300),
        integer(4_301),
    ]
}

pub fn check(data: &[u8]) {
    let mut names = Vec::new();
    let found = json::read_object(data, &mut Tree, |name, _| names.push(name.to_vec()));
    let expected = read_object(data);
    // As text, -0.0 differs from 0.0.
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    if let Some(members) = expected {
        assert_eq!(names, members.iter().map(|(name, _)| name.as_bytes().to_vec()).collect::<Vec<_>>());
    }
}

/// The members of an object, duplicate names included.
pub type Members = Vec<(String, Value)>;

pub fn read_object(text: &[u8]) -> Option<Members> {
    let raw: &RawValue = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
    let Value::Object(members) = value(raw, 0)? else { return None };
    Some(members)
}

/// The member that counts: the last of its name.
pub fn last<'m>(members: &'m Members, name: &str) -> Option<&'m Value> {
    members.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
}

fn value(raw: &RawValue, depth: usize) -> Option<Value> {
    let text = raw.get();
    match text.as_bytes()[0] {
        b'{' | b'[' if depth == 64 => None,
        b'{' => {
            let RawMembers(members) = serde_json::from_str(text).ok()?;
            let read = |(name, raw)| Some((name, value(raw, depth + 1)?));
            members.into_iter().map(read).collect::<Option<_>>().map(Value::Object)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|raw| value(raw, depth + 1)).collect::<Option<_>>().map(Value::Array)
        }
        b'"' => serde_json::from_str(text).ok().map(Value::String),
        b't' | b'f' => serde_json::from_str(text).ok().map(Value::Bool),
        b'n' => Some(Value::Null),
        _ if text.contains(['.', 'e', 'E']) => serde_json::from_str(text).ok().map(Value::Float),
        _ if text.len() > 4_300 => None,
        _ => Some(text.parse().map_or_else(|_| Value::LongInteger(text.to_owned()), Value::Integer)),
    }
}

struct RawMembers<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for RawMembers<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'t> Visitor<'t> for Collect {
    type Value = RawMembers<'t>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<RawMembers<'t>, A::Error> {
        let members: Result<_, _> = std::iter::from_fn(|| map.next_entry().transpose()).collect();
        members.map(RawMembers)
    }
}
