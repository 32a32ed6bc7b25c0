use fastware_core::query;
use percent_encoding::percent_decode;

use crate::input::Input;

pub fn check(data: &[u8]) {
    let [name, query_string] = Input::new(data).fields();
    for name in [name, b"token"] {
        let expected = query_string
            .split(|&byte| byte == b'&')
            .map(|pair| {
                let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
                (decoded(&pair[..equals]), decoded(pair.get(equals + 1..).unwrap_or_default()))
            })
            .find(|(found, _)| found == name)
            .map(|(_, value)| value);
        assert_eq!(query::first(query_string, name).map(std::borrow::Cow::into_owned), expected);
    }
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).collect()
}
