//! Rule 4 of `Engine.verify_token`.

use fastware_core::json::Value;

use super::json::Members;

pub fn is_accepted(header: &Members) -> bool {
    let last = |name: &str| header.iter().filter(|(found, _)| found == name).map(|(_, value)| value).next_back();
    let b64 = last("b64");
    let is_known = |name: &Value| *name == Value::String("b64".to_owned());
    let is_fit_crit = |crit: &Value| match crit {
        Value::Array(names) => !names.is_empty() && names.iter().all(is_known) && b64.is_some(),
        _ => false,
    };
    last("alg") == Some(&Value::String("HS256".to_owned()))
        && last("kid").is_none_or(|kid| matches!(kid, Value::String(_)))
        && b64 != Some(&Value::Bool(false))
        && last("crit").is_none_or(is_fit_crit)
}
