use fastware_core::cookies;

use crate::input::Input;
use crate::reference;

pub fn check(data: &[u8]) {
    let [name, header] = Input::new(data).fields();
    let expected = reference::cookies::pairs(header);
    let found: Vec<_> = cookies::pairs(header).map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(found, expected);
    for (_, value) in &expected {
        assert_eq!(*cookies::unquote(value), reference::cookies::unquoted(value));
    }
    for name in expected.iter().map(|(name, _)| name.as_slice()).chain([name]) {
        let value = expected.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_slice());
        assert_eq!(cookies::last(header, name).map(|at| &header[at]), value, "{name:?}");
    }
}
