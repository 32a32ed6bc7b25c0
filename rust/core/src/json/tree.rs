//! JSON as a tree of plain Rust values.

use super::Build;

/// Used for JOSE headers, which no caller gets, and for tests.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    LongInteger(String),
    Float(f64),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

pub struct Tree;

impl Build for Tree {
    type Value = Value;
    type Array = Vec<Value>;
    type Object = Vec<(String, Value)>;

    fn null(&mut self) -> Option<Value> {
        Some(Value::Null)
    }

    fn bool(&mut self, value: bool) -> Option<Value> {
        Some(Value::Bool(value))
    }

    fn integer(&mut self, value: i64) -> Option<Value> {
        Some(Value::Integer(value))
    }

    fn long_integer(&mut self, literal: &str) -> Option<Value> {
        Some(Value::LongInteger(literal.to_owned()))
    }

    fn float(&mut self, value: f64) -> Option<Value> {
        Some(Value::Float(value))
    }

    fn string(&mut self, value: &[u8]) -> Option<Value> {
        Some(Value::String(text(value)?))
    }

    fn array(&mut self) -> Self::Array {
        Vec::new()
    }

    fn push(&mut self, array: &mut Self::Array, value: Value) -> Option<()> {
        array.push(value);
        Some(())
    }

    fn close_array(&mut self, array: Self::Array) -> Option<Value> {
        Some(Value::Array(array))
    }

    fn object(&mut self) -> Self::Object {
        Vec::new()
    }

    // Duplicate keys are all kept, so that a large object takes linear time; `last` finds the last one.
    fn insert(&mut self, object: &mut Self::Object, key: &[u8], value: Value) -> Option<()> {
        object.push((text(key)?, value));
        Some(())
    }

    fn close_object(&mut self, object: Self::Object) -> Value {
        Value::Object(object)
    }
}

fn text(utf8: &[u8]) -> Option<String> {
    std::str::from_utf8(utf8).ok().map(str::to_owned)
}

/// The value of the last member `key`.
pub fn last<'o>(object: &'o [(String, Value)], key: &str) -> Option<&'o Value> {
    object.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}
