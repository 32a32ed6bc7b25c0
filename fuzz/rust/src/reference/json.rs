//! JSON by `serde_json`, which checks the syntax, the strings and the floats; the bounds of the contract are added.

use fastware_core::json::Value;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub type Members = Vec<(String, Value)>;

pub fn read_object(text: &[u8]) -> Option<Members> {
    let raw: &RawValue = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
    match value(raw, 0)? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn value(raw: &RawValue, depth: usize) -> Option<Value> {
    let text = raw.get();
    match text.as_bytes()[0] {
        b'{' | b'[' if depth == 64 => None,
        b'{' => {
            let members: RawMembers = serde_json::from_str(text).ok()?;
            let read = |(name, raw): (String, &RawValue)| Some((name, value(raw, depth + 1)?));
            members.0.into_iter().map(read).collect::<Option<_>>().map(Value::Object)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|raw| value(raw, depth + 1)).collect::<Option<_>>().map(Value::Array)
        }
        b'"' => serde_json::from_str(text).ok().map(Value::String),
        b't' | b'f' => serde_json::from_str(text).ok().map(Value::Bool),
        b'n' => Some(Value::Null),
        _ => number(text),
    }
}

fn number(literal: &str) -> Option<Value> {
    if literal.contains(['.', 'e', 'E']) {
        return serde_json::from_str(literal).ok().map(Value::Float);
    }
    if literal.len() > 4_300 {
        return None;
    }
    // One by one, so that no digit is lost.
    let mut exact: Option<i64> = Some(0);
    let is_negative = literal.starts_with('-');
    for digit in literal.bytes().filter(u8::is_ascii_digit).map(|digit| i64::from(digit - b'0')) {
        let signed = if is_negative { -digit } else { digit };
        exact = exact.and_then(|number| number.checked_mul(10)?.checked_add(signed));
    }
    Some(exact.map_or_else(|| Value::LongInteger(literal.to_owned()), Value::Integer))
}

/// Equal names are all kept.
struct RawMembers<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for RawMembers<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'t> Visitor<'t> for Collect {
            type Value = RawMembers<'t>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<RawMembers<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
