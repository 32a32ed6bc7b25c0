//! Rule 5 of `Engine.verify_token`, in integers of 128 bits.

use fastware_core::json::Value;

use super::json::Members;

pub fn hold(claims: &Members, now: f64, leeway: f64) -> bool {
    let last = |name: &str| claims.iter().filter(|(found, _)| found == name).map(|(_, value)| value).next_back();
    let is_text = |name| last(name).is_none_or(|value| matches!(value, Value::String(_)));
    let limit = 2.0_f64.powi(63);
    let is_moment = now - leeway >= -limit && now + leeway < limit;
    let holds =
        |name, rule: &dyn Fn(i128) -> bool| last(name).is_none_or(|value| is_moment && whole(value).is_some_and(rule));
    holds("exp", &|exp| is_after(exp, now - leeway))
        && holds("nbf", &|nbf| is_not_after(nbf, now + leeway))
        && holds("iat", &|iat| is_not_after(iat, now + leeway))
        && is_text("sub")
        && is_text("jti")
        && last("aud").is_none_or(is_empty)
}

/// A number, truncated. Beyond 64 bits only the sign counts: no clock is there.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Integer(seconds) => Some(i128::from(*seconds)),
        Value::LongInteger(literal) if literal.starts_with('-') => Some(i128::MIN + 1),
        Value::LongInteger(_) => Some(i128::MAX - 1),
        Value::Float(seconds) => Some(seconds.trunc() as i128),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation)]
fn is_after(seconds: i128, moment: f64) -> bool {
    !moment.is_nan() && seconds > moment.floor() as i128
}

#[allow(clippy::cast_possible_truncation)]
fn is_not_after(seconds: i128, moment: f64) -> bool {
    !moment.is_nan() && seconds <= moment.floor() as i128
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::LongInteger(_) => false,
        Value::Integer(number) => *number == 0,
        Value::Float(number) => number.abs() == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}
