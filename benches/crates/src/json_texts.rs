//! The payloads that are read: flat claims, and claims of about 4 KB.

use std::fmt::Write;

pub const FLAT: &str = r#"{"sub":"alice-7","role":"admin","iat":1760000000,"exp":1762592000}"#;

/// 180 short strings in an array, one in nine of them not ASCII, one in thirty with an escape, and an object in an object.
pub fn large() -> String {
    let mut text = String::from(r#"{"sub":"alice-7","iat":1760000000,"exp":1762592000,"scopes":["#);
    for index in 0..180 {
        let word = match index {
            _ if index % 30 == 7 => r"orders\/read",
            _ if index % 9 == 4 => "Zürich: lesen",
            _ if index % 2 == 0 => "tenant:invoices:read",
            _ => "warehouse:write",
        };
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\"{word}-{index}\"").expect("a String takes all");
    }
    text += r#"],"tenant":{"name":"Käse & Söhne","plan":{"seats":250,"trial":false,"ends":null,"rate":0.75}}}"#;
    text
}
