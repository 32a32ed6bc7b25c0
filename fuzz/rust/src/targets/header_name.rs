use fastware_core::header_name;

use crate::input::Input;

pub fn check(data: &[u8]) {
    let [header_name, name] = Input::new(data).fields();
    assert_eq!(header_name::is(header_name, name), header_name.to_ascii_lowercase() == name);
    assert!(header_name::is(header_name, &header_name.to_ascii_lowercase()));
}
