use fastware_core::csrf::{Verdict, double_submit};

use crate::input::Input;

pub fn check(data: &[u8]) {
    let [cookie, header] = Input::new(data).fields();
    let expected = match (cookie.len(), header.len()) {
        (0, _) | (_, 0) => Verdict::Missing,
        _ if cookie == header => Verdict::Passed,
        _ => Verdict::Mismatch,
    };
    assert_eq!(double_submit(cookie, header), expected);
    let is_empty = header.is_empty();
    assert_eq!(double_submit(header, header), if is_empty { Verdict::Missing } else { Verdict::Passed });
}
